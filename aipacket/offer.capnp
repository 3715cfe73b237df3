# What a sender offers (rfc/0002 section 3). Signed as the body of an envelope of domain "offer", in the canonical
# single-segment encoding; anything else is refused.
@0xb21062c400532015;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("aip::aipacket::schema");

struct Offer {
  transfer @0 :UInt64;      # must equal the packet's, so that a signed offer serves one transfer only
  destination @1 :Data;     # 16 bytes: the address it was made for
  purpose @2 :Purpose;
  headDigest @3 :Data;      # SHA-256 of the head, 32 bytes
  headSize @4 :UInt32;      # bytes, at least 1
  symbolSize @5 :UInt32;    # payload bytes of a full symbol
  totalBytes @6 :UInt64;    # of all blocks that the head names
  task @7 :Text;            # what the model is for; empty for a message without one

  enum Purpose {
    model @0;
    message @1;
  }
}
