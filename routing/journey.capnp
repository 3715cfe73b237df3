# The journey record (rfc/0003 section 4) travels with a model. Sealed by whoever holds the model, with domain
# "journey"; canonical form only.
@0xf731726cf0d6ff2a;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("aip::routing::schema");

struct Node {
  high @0 :UInt64;
  low @1 :UInt64;
}

struct Journey {
  id @0 :UInt64;
  task @1 :Text;
  policy @2 :Text;           # name of the next-stop policy
  origin @3 :Node;
  stops @4 :UInt32;          # completed so far
  stopsLeft @5 :UInt32;      # budget
  lap @6 :UInt32;            # from 1; a lap ends when every reachable member was visited
  seen @7 :List(UInt64);     # samples trained on, by label; for other tasks the moments below
  visits @8 :List(Visit);    # in address order, at most 512; more of this lap: `forgotten`
  recent @9 :List(Stop);     # the last stops in full, oldest first
  itinerary @10 :List(Node); # what is left of a planned journey
  next @11 :Plan;            # where the holder sends it and why; null while it stays

  # Records older than these fields are read as: the first walker, no limits but stops.
  walker @12 :UInt32 = 1;    # a walker lost and created again has the next number
  createdMs @13 :Int64;
  bytesLimited @14 :Bool;
  bytesLeft @15 :UInt64;     # budget of wire bytes
  expiresMs @16 :Int64;      # 0: never
  seenCount @17 :UInt64;     # moments: samples, and per feature the sum and the sum of squares
  seenSums @18 :List(Float64);
  seenSquares @19 :List(Float64);
  forgotten @20 :Data;       # Bloom filter of nodes visited in this lap that `visits` has no room for

  struct Visit {
    node @0 :Node;
    count @1 :UInt32;
    lap @2 :UInt32;          # of the last visit
  }

  struct Plan {
    node @0 :Node;
    lap @1 :UInt32;
    why @2 :Text;
    divergenceBefore @3 :Float64;
    divergenceAfter @4 :Float64;
    cost @5 :Float64;
  }

  struct Stop {
    node @0 :Node;
    number @1 :UInt32;       # from 1
    version @2 :Data;        # 32 bytes: the version this stop made
    plan @3 :Plan;           # of the holder before; null if nobody planned it
    samples @4 :UInt64;
    steps @5 :UInt64;
    hasLoss @6 :Bool;
    lossBefore @7 :Float64;
    lossAfter @8 :Float64;
    metrics @9 :List(Metric);  # in name order, at most 8
    wireBytes @10 :UInt64;   # of the transfer that brought it here
    hops @11 :UInt32;
    arrivedMs @12 :Int64;
    trainedMs @13 :UInt64;
    merged @14 :Bool;        # two walkers met here; the version is their mean, nothing was trained
  }

  struct Metric {
    name @0 :Text;
    value @1 :Float64;
  }
}
