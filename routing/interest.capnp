# An interest record (rfc/0010 section 3): what one node's data for one task looks like. Signed by its origin with
# domain "interest"; canonical form only. Small, since every member keeps one of every other, and passes it on.
@0xea4624f7743720b2;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("aip::routing::schema");

struct Interest {
  origin @0 :UInt64;     # interface id of the signer
  taskHigh @1 :UInt64;   # SHA-256 of the task key, its first 16 bytes
  taskLow @2 :UInt64;
  sequence @3 :UInt64;   # rises with every record of this origin, also across restarts
  issuedMs @4 :Int64;
  samples @5 :UInt64;
  lastVersion @6 :UInt64;  # first 8 bytes of the version this node saw last; 0: none
  lifetimeS @7 :UInt32;
  memoryMib @8 :UInt32;  # for models; 0: not said
  samplesPerSecond @9 :Float32;  # measured training speed; 0 when unknown
  epsilon @10 :Float32;  # the sketch is private with this budget; 0: it is exact
  queue @11 :UInt16;     # models that wait here
  degree @18 :UInt16;    # members of the task that are its neighbours; 0: unknown
  sketch :union {
    none @12 :Void;      # withdraws the origin from the task
    labels :group {      # at most 64 counts, in units of 2^shift
      shift @13 :UInt8;  # 0 to 31
      counts @14 :List(UInt32);
    }
    moments :group {     # at most 64 features
      count @15 :UInt64;
      means @16 :List(Float32);
      variances @17 :List(Float32);
    }
  }
}
