# A task record (rfc/0010 section 2): what models of a task are for, and the rules its members play by. Sealed by its
# creator with domain "task"; canonical form only. The task's id is the SHA-256 of these bytes.
@0xc0fcb3912919fc6f;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("aip::routing::schema");

struct Task {
  name @0 :Text;
  createdMs @1 :Int64;
  base @2 :Data;               # version that journeys start from: 32 bytes, or absent

  moments @3 :Bool;            # sketches are moments of features; else label counts
  sketchSize @4 :UInt32;       # classes or features; 0: whatever the members publish

  modelBytesMax @5 :UInt64;    # 0: the network's limit
  membersListed @6 :Bool;      # only these may train:
  membersHigh @7 :UInt64;      # the upper half of their addresses
  members @8 :List(UInt64);    # the lower halves, rising, at most 40

  policy @9 :Text = "coverage";
  theta @10 :Float64 = 0.05;
  path @11 :Float64 = 1;
  delay @12 :Float64 = 1;
  training @13 :Float64 = 0.02;
  queue @14 :Float64 = 0.1;
  extrasMax @15 :Float64 = 0.5;
  jump @16 :Float64;
  ageBonus @17 :Float64;

  hasAccuracy @18 :Bool;       # a model may leave a stop at this accuracy
  accuracy @19 :Float64;
  hasLoss @20 :Bool;           # or at this loss
  loss @21 :Float64;
  stepsMax @22 :UInt64;        # or after so many steps; 0: no limit

  stops @23 :UInt32;           # budget of a journey; 0: no limit
  wireBytes @24 :UInt64;
  timeMs @25 :UInt64;

  walkersMax @26 :UInt32 = 1;
  lateMs @27 :UInt64;          # 0: a journey is never looked for

  mergeRule @28 :MergeRule;    # when walkers meet
  outliers @29 :Float64 = 0.2; # share of them that may be wrong

  enum MergeRule {
    mean @0;
    median @1;
    trimmedMean @2;
    krum @3;
    multiKrum @4;
  }

  gateNumbers @30 :Bool;       # the admission gate (rfc/0013 section 2); 0: not asked
  gateNorm @31 :Float64;
  gateDistance @32 :Float64;
  gateNarrowing @33 :Float64;
  gateCosine @34 :Float64;
  gateLoss @35 :Float64;
  gateLossElsewhere @36 :Float64;
}
