# What a program and its node's daemon say to each other (rfc/0005). One Message per frame; the C++ twins of these
# structs, which everything else uses, are in api/control.hpp. New fields are only ever added.
@0xc9c899853b8c46b7;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("aip::api::schema");

struct Message {
  # A descriptor travels with the first byte of a message exactly when `hasFile` is set.
  hasFile @0 :Bool;
  union {
    request @1 :Request;
    reply @2 :Reply;
    progress @3 :Progress;
    delivery @4 :Delivery;
  }
}

# From the program

struct Request {
  id @0 :UInt64;  # chosen by the program, unique among its open requests, not 0
  union {
    hello :group {
      protocol @1 :UInt32;
      program @2 :Text;
    }
    bind @3 :Text;  # task
    publishInterest @4 :PublishInterest;
    send @5 :Send;  # file: the model
    receive @6 :Receive;
    finish @7 :Finish;  # file: the trained model
    release @8 :UInt64;  # delivery
    cancel @9 :Text;  # transfer
    report @10 :ReportQuery;
    ledgerEntry @11 :LedgerEntry;
    ledgerCheckpoint @12 :UInt64;  # the newest of at most this size, 0 for the newest
    ledgerConsistency :group {
      from @13 :UInt64;
      to @14 :UInt64;
    }
    ledgerAudit @15 :Data;  # version
    exportVersion @16 :Data;  # version; the reply brings the file
    cancelRequest @17 :UInt64;  # an open request of this session
    taskCreate @18 :TaskRules;
    taskJoin @19 :Text;  # a name, NAME@ and digits, or a key
    taskLeave @20 :Text;
    order @21 :ReportQuery;  # to the node itself; answered by a report
    bindMeasuring @22 :Text;  # as bind; deliveries to measure may follow too
    measured @23 :Measured;
  }
}

struct TaskRules {  # rfc/0010 section 2; the daemon checks them
  name @0 :Text;
  base @1 :Data;  # version, empty: none
  features @2 :Bool;  # sketches are moments of features; else label counts
  sketchSize @3 :UInt32;
  modelBytesMax @4 :UInt64;
  members @5 :List(Data);  # addresses; none: whoever joins
  policy @6 :Text;  # empty: the default
  weights @7 :List(Metric);  # those that are not the default
  accuracy @8 :Float64;  # NaN: not asked
  loss @9 :Float64;  # NaN: not asked
  steps @10 :UInt64;
  stops @11 :UInt32;
  wireBytes @12 :UInt64;
  timeMs @13 :UInt64;
  walkers @14 :UInt32 = 1;
  lateMs @15 :UInt64;
}

struct Destination {
  union {
    address @0 :Data;  # 16 bytes
    nextStop :group {
      stops @1 :UInt32;  # 0: what the journey has left
      policy @2 :Text;  # empty: the journey's, or the task's
      wireBytes @3 :UInt64;  # budgets of a journey that begins; 0: the task's
      timeMs @4 :UInt64;
      itinerary @5 :List(Data);  # of a journey that begins: its stops, in order; none: the policy chooses
    }
  }
}

struct PublishInterest {
  task @0 :Text;
  labelCounts @1 :List(UInt64);
  samples @2 :UInt64;
  samplesPerSecond @3 :Float64;
}

struct Send {
  task @0 :Text;
  name @1 :Text;
  destination @2 :Destination;
}

struct Receive {
  task @0 :Text;  # empty: any
  wait @1 :Bool;
}

struct Finish {
  delivery @0 :UInt64;
  work @1 :Work;
  destination @2 :Destination;
}

struct Work {
  what @0 :Text;
  samples @1 :UInt64;
  steps @2 :UInt64;
  lossBefore @3 :Float64;  # NaN: not measured
  lossAfter @4 :Float64;
  metrics @5 :List(Metric);
  parameters @6 :List(Parameter);
}

struct Measured {  # a delivery that was to be measured
  delivery @0 :UInt64;
  classes @1 :List(ClassFigures);  # labels rising; none: cannot say
}

struct ClassFigures {
  label @0 :UInt32;
  samples @1 :UInt64;
  loss @2 :Float64;
  accuracy @3 :Float64;
}

struct Parameter {
  name @0 :Text;
  value @1 :Text;
}

struct Metric {
  name @0 :Text;
  value @1 :Float64;
}

struct ReportQuery {
  name @0 :Text;
  args @1 :List(Text);
}

struct LedgerEntry {
  node @0 :Data;  # address, empty: this node
  union {
    index @1 :UInt64;
    version @2 :Data;
  }
  size @3 :UInt64;  # of the tree, 0 for the newest
}

# From the daemon

struct Reply {
  id @0 :UInt64;
  union {
    ok @1 :Void;
    error :group {
      code @2 :UInt8;
      text @3 :Text;
    }
    hello @4 :Hello;
    sent @5 :Sent;
    finished @6 :Finished;
    report @7 :Report;
    bytes @8 :Data;
    audit @9 :Audit;
    file :group {
      size @10 :UInt64;
    }
    task @11 :Text;  # its key
  }
}

struct Hello {
  protocol @0 :UInt32;
  software @1 :Text;
  address @2 :Data;
  network @3 :Data;  # the root's public key, 32 bytes
}

struct Sent {
  version @0 :Data;
  journey @1 :Text;  # empty: addressed to one node
  peer @2 :Data;  # who signed the receipt
  receipt @3 :Data;
  bytes @4 :UInt64;
  wireBytes @5 :UInt64;
  elapsedMs @6 :UInt64;
  sha256 @7 :Data;  # of the file, empty: not computed
}

struct Finished {
  version @0 :Data;
  nextStop @1 :Data;  # address, empty: the journey ended here
  why @2 :Text;
}

struct Report {
  title @0 :Text;
  columns @1 :List(Column);
  rows @2 :List(Row);
  notes @3 :List(Text);
}

struct Column {
  name @0 :Text;
  type @1 :Type;
  enum Type {
    text @0;
    integer @1;
    real @2;
    boolean @3;
  }
}

struct Row {
  cells @0 :List(Cell);
}

struct Cell {
  union {
    none @0 :Void;
    text @1 :Text;
    integer @2 :Int64;
    real @3 :Float64;
    boolean @4 :Bool;
  }
}

struct Audit {
  steps @0 :List(AuditStep);
}

struct AuditStep {
  version @0 :Data;
  node @1 :Data;
  proof @2 :Data;  # empty: could not be had, and note says why
  note @3 :Text;
}

struct Progress {
  id @0 :UInt64;
  done @1 :UInt64;
  total @2 :UInt64;
  transfer @3 :Text;
  note @4 :Text;
}

struct Delivery {
  id @0 :UInt64;
  version @1 :Data;
  parents @2 :List(Data);
  task @3 :Text;
  name @4 :Text;
  journey @5 :Text;
  stop @6 :UInt32;
  stopsLeft @7 :UInt32;
  from @8 :Data;
  bytes @9 :UInt64;
  labelsSeen @10 :List(UInt64);
  why @11 :Text;
  stay @12 :Stay;  # null: leave when you like
  measure @13 :Bool;  # not to be trained: answered by `measured`
}

struct Stay {  # the model is delivered here again until one of these holds
  hasAccuracy @0 :Bool;
  accuracy @1 :Float64;  # at least
  hasLoss @2 :Bool;
  loss @3 :Float64;  # at most
  steps @4 :UInt64;  # left at this stop; 0: no limit
}
