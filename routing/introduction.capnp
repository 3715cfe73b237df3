# The body of an introduction (rfc/0003 section 2). Sealed by its sender with domain "introduction"; canonical form only.
@0xeef3bbccc93ac2db;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("aip::routing::schema");

struct Introduction {
  sequence @0 :UInt64;       # rises with every introduction of this node on any port, also across restarts
  wallMs @1 :Int64;          # sender's clock, milliseconds since 1970
  lifetimeMs @2 :UInt32;     # holds for so long unless renewed
  mtu @3 :UInt16;            # of the sending port
  answer @4 :Bool;           # the sender asks everybody on the link to introduce themselves
  cookie @5 :Data;           # of 16 bytes in a question to join (rfc/0011 section 7); else absent
}
