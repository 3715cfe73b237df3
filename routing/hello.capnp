# The body of a neighbour hello (rfc/0003 section 2). Sealed by its sender with domain "hello"; canonical form only.
@0xc0cd93f002d26892;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("aip::routing::schema");

struct Hello {
  sequence @0 :UInt64;       # rises with every hello of this node on any port, also across restarts
  wallMs @1 :Int64;          # sender's clock, milliseconds since 1970
  intervalMs @2 :UInt32;     # the sender's next regular hello on this port comes within about this time
  mtu @3 :UInt16;            # of the sending port
  heardTotal @4 :UInt16;     # neighbours heard on this port; more than `heard` holds means the lists take turns
  heard @5 :List(Heard);     # at most 32

  struct Heard {
    addressHigh @0 :UInt64;
    addressLow @1 :UInt64;
    ageMs @2 :UInt32;        # since its last hello was accepted
  }
}
