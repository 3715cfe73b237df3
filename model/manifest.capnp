# The manifest of a version (rfc/0007). Its SHA-256 is the version id, so there is exactly one encoding: the canonical
# single-segment form, no framing, no unknown fields. Whatever follows from other fields is not encoded: offsets, tensor
# sizes, block sizes and counts follow from headerSize, dtypes and shapes.
@0xeaeac636922ceb9c;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("aip::model::schema");

struct Manifest {
  format @0 :UInt16;            # 1; 0 and anything else is refused
  headerSize @1 :UInt32;        # bytes in front of the data section: 8 + n
  fileSize @2 :UInt64;          # == headerSize + sizes of all tensors
  content @3 :Data;             # content digest (rfc/0007 section 5), 32 bytes
  tensors @4 :List(Tensor);     # in file order
  blockDigests @5 :Data;        # SHA-256 of each block, 32 bytes each, in file order
  parents @6 :Data;             # version ids, 32 bytes each, the one it was trained from first; no duplicates
  task @7 :Text;                # [a-z0-9._-]{1,64}
  metadata @8 :List(Pair);      # sorted by key, bytewise; no duplicates

  struct Tensor {
    name @0 :Text;              # UTF-8, at most 512 bytes
    dtype @1 :Text;             # as in safetensors: "F32"
    shape @2 :List(UInt64);
  }
  struct Pair {
    key @0 :Text;               # UTF-8, not empty
    value @1 :Text;             # UTF-8
  }
}
