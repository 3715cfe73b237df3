/* aip.h: model sockets. A program sends whole models (safetensors files) into the network, receives those that come
 * to be trained, and hands them on; the node's daemon, aipacketd, does the rest. C++: see aip.hpp beside this file.
 *
 * Every function returns a status; AIP_OK is 0. After any other, aip_last_error(handle) is one line that says what is
 * wrong and what to do, valid until the next call with that handle; the errors of a model are read from its socket.
 * Calls block. One thread at a time uses a handle and what was made from it; aip_cancel alone may be called from any
 * thread or signal handler. Texts are UTF-8, borrowed during the call. Descriptors given are borrowed, never closed.
 * A NULL or negative optional argument means "not given" where the comment says so; any other NULL is AIP_INVALID.
 */
#ifndef AIP_AIP_H
#define AIP_AIP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AIP_DEFAULT_SOCKET "/run/aipacket/aipacketd.sock"

typedef enum aip_status {
    AIP_OK = 0,
    AIP_INVALID = 1,     /* malformed: an argument, a model file */
    AIP_NOT_FOUND = 2,   /* no such task, node, version, file */
    AIP_EXISTS = 3,      /* already there */
    AIP_DENIED = 4,      /* not permitted, or a signature is wrong */
    AIP_UNREACHABLE = 5, /* no daemon, no route, or the peer is gone */
    AIP_NO_SPACE = 6,    /* the disk or a configured limit is full */
    AIP_IO = 7,          /* the operating system failed a read or write */
    AIP_CORRUPT = 8,     /* bytes do not match their digest or proof */
    AIP_CANCELLED = 9,   /* aip_cancel, or a progress function said stop */
    AIP_BUSY = 10,       /* too much at once: try again later */
    AIP_TIMEOUT = 11     /* no answer in time */
} aip_status;

typedef struct aip_client aip_client;
typedef struct aip_socket aip_socket;
typedef struct aip_model aip_model;

/* The text of the last failure of an aip_client or aip_socket; "" if there was none. NULL gives "out of memory". */
const char* aip_last_error(const void* client_or_socket);

/* Connects to the daemon at socket_path (NULL: $AIPACKET_SOCKET, else AIP_DEFAULT_SOCKET). *client is set on failure
 * too, so that its error can be read; close it in any case.
 * AIP_UNREACHABLE: nobody listens there. AIP_DENIED: this user may not. */
aip_status aip_client_connect(const char* socket_path, aip_client** client);
void aip_client_close(aip_client* client); /* sockets made from it live on; NULL: nothing */
/* This node's address as text, "fd..". */
const char* aip_client_address(const aip_client* client);

/* Opens a model socket: a session of its own with the daemon. AIP_UNREACHABLE as above. */
aip_status aip_socket_open(aip_client* client, aip_socket** socket);
/* What the session holds is delivered again, to whoever is bound to the task; a send under way is cancelled.
 * Models made from the socket must be closed before it. NULL: nothing. */
void aip_socket_close(aip_socket* socket);
/* A descriptor for poll(): readable when aip_recv would give a model, or an error, at once. Owned by the socket. */
int aip_fd(const aip_socket* socket);
/* Ends the blocking call that is under way, or the next one, with AIP_CANCELLED. */
void aip_cancel(aip_socket* socket);

/* Joins the task: this program can train its models, and they may be delivered to it from now on.
 * task: its name, 1 to 64 bytes of [a-z0-9._-], NAME@ and some digits of its key, or the key. AIP_INVALID otherwise.
 * A name means the task of that name that this node has joined, or will, and until then the open one. */
aip_status aip_bind(aip_socket* socket, const char* task);
/* As aip_bind, and this program also measures versions on data it holds back from training: aip_recv may give models
 * of which aip_model_is_to_measure says 1, to be answered by aip_measured. */
aip_status aip_bind_measuring(aip_socket* socket, const char* task);
/* What this node's data for the task looks like: how many samples of each label (labels <= 64), how many in all, and
 * how many this node trains per second. The network's choice of training stops rests on it. */
aip_status aip_publish_interest(aip_socket* socket, const char* task, const uint64_t* label_counts, size_t labels,
                                uint64_t samples, double samples_per_second);

/* Where a model goes. address: to that node ("fd.."). NULL: a journey to `stops` training stops (0 in aip_finish: as
 * many as it has left), each chosen by `policy` (NULL: the journey's, or the node's default). */
typedef struct aip_destination {
    const char* address;
    uint32_t stops;
    const char* policy;
} aip_destination;

/* Bytes of the model done and in all, and what is going on. Anything but 0 cancels the call. */
typedef int (*aip_progress)(uint64_t done_bytes, uint64_t total_bytes, const char* note, void* context);

typedef struct aip_sent {
    char version[65]; /* hex, of the new version */
    char peer[46];    /* address of the node whose signed receipt ended the transfer */
    char journey[65]; /* id, "" for a model sent to an address */
    uint64_t bytes;
    uint64_t wire_bytes;
    uint64_t elapsed_ms;
} aip_sent;

/* Starts a new model: a safetensors file, open for reading as `file`. Returns when the destination, or a journey's
 * first stop, has signed for it. name: for people, NULL: none. progress, sent: may be NULL. AIP_INVALID: no
 * safetensors, naming the rule it breaks, or it changed while it was read. AIP_NOT_FOUND: nobody serves the task,
 * unknown address. AIP_UNREACHABLE: no route, peer gone. AIP_NO_SPACE, AIP_CANCELLED. */
aip_status aip_send(aip_socket* socket, int file, const char* task, const char* name, const aip_destination* to,
                    aip_progress progress, void* context, aip_sent* sent);

/* Asks for one model sent to this node's address, of `task` (NULL: any); aip_recv then gives it. */
aip_status aip_receive(aip_socket* socket, const char* task);
/* The next model, into *model, in this program's custody until aip_finish or aip_release. timeout_ms < 0: no limit.
 * AIP_TIMEOUT: none came. AIP_CANCELLED: aip_cancel. AIP_UNREACHABLE: the daemon is gone. */
aip_status aip_recv(aip_socket* socket, int timeout_ms, aip_model** model);

/* What came. Pointers live as long as the model. */
typedef struct aip_model_info {
    const char* version; /* hex */
    const char* task;
    const char* name;
    const char* journey; /* id, "" for a model sent to this node's address */
    const char* from;    /* address of the node before */
    const char* why;     /* this node was chosen */
    uint32_t stop;       /* this one's number on the journey, from 1 */
    uint32_t stops_left; /* after this one */
    uint64_t bytes;
    const uint64_t* labels_seen; /* samples of each label the journey trained on so far */
    size_t labels;
} aip_model_info;
aip_status aip_model_get_info(const aip_model* model, aip_model_info* info);
/* What the task asks of a stop: the model is delivered here again until it reaches the accuracy or the loss (NAN: not
   asked for), or the steps left are spent (0: no limit). A program may train so long before it finishes. */
typedef struct aip_stay {
    double accuracy; /* at least */
    double loss;     /* at most */
    uint64_t steps;
} aip_stay;
aip_status aip_model_get_stay(const aip_model* model, aip_stay* stay);
/* 1: another node's version, which is not to be trained but measured before this node goes on with it. */
int aip_model_is_to_measure(const aip_model* model);
typedef struct aip_class_figures {
    uint32_t label;
    uint64_t samples; /* of that class, held back */
    double loss;
    double accuracy;
} aip_class_figures;
/* The answer: at most 1,024 classes, those of which data is held back; none: it cannot be said. Out of custody then. */
aip_status aip_measured(aip_model* model, const aip_class_figures* classes, size_t count);
/* The safetensors file, read-only: a descriptor owned by the model, and a path that opens it again in this process. */
int aip_model_file(const aip_model* model);
const char* aip_model_path(const aip_model* model);

typedef struct aip_metric {
    const char* name;
    double value;
} aip_metric;
/* How it was done, e.g. "learning_rate" "0.05": names of 1 to 32 characters a-z 0-9 . _ -, values of 1 to 64 bytes. */
typedef struct aip_parameter {
    const char* name;
    const char* value;
} aip_parameter;
/* What was done, for the ledger. Losses: NAN if not measured. At most 20 parameters. */
typedef struct aip_work {
    const char* what;
    uint64_t samples;
    uint64_t steps;
    double loss_before;
    double loss_after;
    const aip_metric* metrics;
    size_t metrics_count;
    const aip_parameter* parameters;
    size_t parameters_count;
} aip_work;

typedef struct aip_finished {
    char version[65];   /* hex, of the child */
    char next_stop[46]; /* address, "" if the journey ends here */
    char why[256];      /* that stop was chosen; cut if longer */
} aip_finished;

/* Hands back the trained model: `file` becomes a child version of what was received, is written into the ledger, and
 * travels on. Returns once it is recorded; after AIP_OK the model is out of custody. finished: may be NULL.
 * Errors as aip_send; the model stays in custody. */
aip_status aip_finish(aip_model* model, int file, const aip_work* work, const aip_destination* to,
                      aip_finished* finished);
/* Out of custody without a child. A journey goes on as it came, a model sent to this node is done with. */
aip_status aip_release(aip_model* model);
/* Frees it. One still in custody stays with the session until its socket closes. NULL: nothing. */
void aip_model_close(aip_model* model);

#ifdef __cplusplus
}
#endif
#endif
