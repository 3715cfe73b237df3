# An interest record (rfc/0003 section 3): what one node's data for one task looks like. Sealed by its origin with
# domain "interest"; canonical form only.
@0xd9ba3b76b6c817a7;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("aip::routing::schema");

struct Interest {
  originHigh @0 :UInt64;     # the signer's own address
  originLow @1 :UInt64;
  task @2 :Text;             # 1..64 of [a-z0-9._-]
  sequence @3 :UInt64;       # rises with every record of this origin, also across restarts
  issuedMs @4 :Int64;
  expiresMs @5 :Int64;
  labelCounts @6 :List(UInt64);  # at most 64; none at all withdraws the origin from the task
  samples @7 :UInt64;
  samplesPerSecond @8 :Float64;  # measured training speed; 0 when unknown
}
