// The newest interest record of every origin for every task this node listens to (rfc/0010 section 4), as it came:
// signed body and signature, beside the origin's credential, so that any of them can be passed on. Bounded in all and
// per origin. Tasks and origins are interned; a (node, task) costs about 200 bytes beside its sketch, so records are
// read out of their bytes when somebody asks.
//
// Invariants: a record is replaced only by one with a higher sequence number, also after it has expired or withdrew
// (such a slot is kept while there is room); every change gets the next version, and the slots are a list in that
// order, which is what gossip tells. A slot number stays good until the table is next changed. Loop thread.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "crypto/identity.hpp"
#include "routing/interest_record.hpp"

namespace aip::routing {

struct InterestEntry {
    InterestRecord record;
    Instant heard;
    Instant expires;  // on our own monotonic clock
};

class InterestTable {
public:
    explicit InterestTable(const NetworkId& network) : network_(network) {}

    // For policies and people. Neither the withdrawn nor the expired; by origin.
    std::vector<InterestEntry> entries(std::string_view task) const;
    std::optional<InterestEntry> find(std::string_view task, const Address& origin) const;
    std::vector<std::string> tasks() const;  // that have entries
    size_t count(std::string_view task) const;
    size_t size() const { return live_; }
    uint32_t version() const { return version_; }  // rises with every change

    // Tasks this node listens to.
    using Task = uint8_t;
    std::optional<Task> listen(std::string_view key);  // none: kInterestListenMax reached
    void forget(Task task);                            // with all its records
    std::optional<Task> task_of(std::string_view key) const;
    std::optional<Task> task_of(const TaskRef& ref) const;
    std::optional<Task> task_of_short(uint64_t short_ref) const;
    const std::string& key(Task task) const { return tasks_[task].key; }
    uint64_t short_ref(Task task) const { return load_be64(tasks_[task].ref.bytes.data()); }
    uint64_t listened() const { return listened_; }  // bit by bit
    // Of who has a record in these tasks, whatever it says: equal if they are the same nodes.
    uint64_t members_digest(uint64_t tasks) const;

    // Records.
    enum class Put : uint8_t { kStored, kStale, kFull };
    struct Signed {
        const crypto::CredentialBytes& credential;
        ByteView body;
        crypto::Signature signature;
    };
    Put put(const InterestRecord& record, const Signed& as_it_came, Instant now);
    void expire(Instant now);
    Instant next_expiry() const { return next_expiry_; }  // never later than the true one

    using Index = uint32_t;
    static constexpr Index kNone = UINT32_MAX;
    Index slot(Task task, InterfaceId origin) const;  // withdrawn and expired ones too; kNone
    uint64_t sequence(Index slot) const { return slots_[slot].key().sequence; }
    InterfaceId origin(Index slot) const { return slots_[slot].key().origin; }
    Task task(Index slot) const { return slots_[slot].task; }
    uint32_t version(Index slot) const { return slots_[slot].version; }
    bool expired(Index slot) const { return slots_[slot].expired; }
    bool live(Index slot) const { return slots_[slot].live; }  // neither expired nor withdrawn
    Index oldest() const { return oldest_; }                   // of all slots, by version
    Index newest() const { return newest_; }
    Index newer(Index slot) const { return slots_[slot].newer; }
    Index older(Index slot) const { return slots_[slot].older; }
    Signed as_it_came(Index slot) const;
    const crypto::CredentialBytes* credential(InterfaceId origin) const;
    // A token of this origin for one signature check; strangers share one bucket.
    bool take_check(InterfaceId origin, Instant now);

private:
    struct TaskEntry {
        std::string key;
        TaskRef ref;
        uint32_t live = 0;
        uint64_t members = 0;
    };
    struct Origin {
        std::unique_ptr<crypto::CredentialBytes> credential;
        Instant checks_until;
        Index first = kNone;
    };
    struct Slot {
        std::unique_ptr<uint64_t[]> words;  // body, then signature
        uint32_t heard = 0;                 // ticks since epoch_
        uint32_t version = 0;
        Index next = kNone;  // of the same origin
        Index newer = kNone;
        Index older = kNone;
        uint16_t body_words = 0;
        Task task = 0;
        bool live : 1;
        bool expired : 1;

        InterestKey key() const { return read_interest_key(words.get()); }
    };
    static_assert(sizeof(Slot) <= 40);

    bool make_room(InterfaceId origin);
    Index take_slot(Task task, InterfaceId origin);
    void renew(Origin& origin, const crypto::CredentialBytes& credential);
    void fill(Slot& slot, const Signed& as_it_came);
    void drop(Index slot);
    void append(Index slot);
    void unlink(Index slot);
    void set_live(Slot& slot, bool live);  // of one whose words are there
    InterestEntry entry(const Slot& slot) const;
    Instant heard(const Slot& slot) const { return epoch_ + Duration::milliseconds(100) * slot.heard; }
    Instant expires(const Slot& slot) const;

    NetworkId network_;
    std::array<TaskEntry, limits::kInterestListenMax> tasks_;
    uint64_t listened_ = 0;
    std::unordered_map<InterfaceId, Origin> origins_;
    std::deque<Slot> slots_;
    std::vector<Index> free_;
    Index oldest_ = kNone;
    Index newest_ = kNone;
    size_t live_ = 0;
    uint32_t version_ = 0;
    Instant epoch_;
    Instant strangers_until_;
    Instant next_expiry_ = Instant::never();
};

}  // namespace aip::routing
