// A limit on everything, in one place, with the relations between them. Wire sizes themselves live in
// aipacket/wire.hpp. Whoever adds a queue, a list or a loop adds its limit here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aip::limits {

// Models (rfc/0002, model/)
inline constexpr uint64_t kModelBytesMax = uint64_t{64} << 30;  // one model file
inline constexpr uint64_t kSafetensorsHeaderMax = 16u << 20;    // JSON header; the reference allows 100,000,000
inline constexpr uint32_t kTensorsMax = 65'536;                 // tensors in one model
inline constexpr uint32_t kFileMetadataPairsMax = 4096;         // __metadata__ of a safetensors file
inline constexpr uint32_t kTensorNameMax = 512;                 // bytes
inline constexpr uint32_t kTensorRankMax = 16;
inline constexpr uint32_t kBlockBytes = 1u << 20;  // a block never spans two tensors
inline constexpr uint32_t kBlocksMax = 262'144;    // blocks in one manifest
inline constexpr uint32_t kManifestBytesMax = 32u << 20;
inline constexpr uint32_t kParentsMax = 16;
inline constexpr uint32_t kTaskNameMax = 64;    // bytes, [a-z0-9._-]
inline constexpr uint32_t kTaskKeyDigits = 32;  // of the task record's digest, in a task key
inline constexpr uint32_t kTaskKeyMax = kTaskNameMax + 1 + kTaskKeyDigits;
inline constexpr uint32_t kMetadataPairsMax = 64;
inline constexpr uint32_t kMetadataBytesMax = 4096;  // one key plus its value

// Transfers (rfc/0002, aipacket/)
inline constexpr uint32_t kHeadBytesMax = kManifestBytesMax + (1u << 20);
inline constexpr uint32_t kTransfersMax = 64;             // at once, each direction
inline constexpr uint64_t kWindowBytesMax = 8u << 20;     // unacknowledged bytes of one transfer
inline constexpr uint64_t kReceiveBufferMax = 16u << 20;  // open blocks of one incoming transfer
inline constexpr uint32_t kWindowSymbolsMax = 8192;       // unacknowledged symbols: their bitmap fits one packet
inline constexpr uint32_t kSymbolBytesMin = 256;
inline constexpr uint32_t kOfferBytesMax = 1100;  // sealed; fits one packet of any link
inline constexpr uint32_t kReceiptBytesMax = 1100;
inline constexpr uint32_t kCancelTextMax = 200;
inline constexpr uint32_t kCustodyMax = 1024;    // models one node looks after, those arriving included
inline constexpr uint32_t kBlockRejectsMax = 3;  // times a block may arrive with the wrong digest

// Ports and packets (dataplane/)
inline constexpr uint32_t kPortsMax = 64;
inline constexpr uint32_t kBurstMax = 32;           // packets in one receive or send call; memif breaks beyond
inline constexpr uint32_t kPortMtuMin = 1280;       // IPv6: every link carries this (RFC 8200 section 5)
inline constexpr uint32_t kPortMtuMax = 65'000;     // one datagram of the kernel
inline constexpr uint32_t kEthernetMtuMax = 9'600;  // one mbuf, never a chain
inline constexpr uint32_t kUdpPeersMax = 1024;      // configured peers of one udp port
inline constexpr uint32_t kSeedsMax = 64;           // of one udp port
inline constexpr uint32_t kLearnedPeersMax = 32;    // of one udp port: a partial mesh
inline constexpr uint32_t kPeersWanted = 8;         // live; with fewer a node goes on asking
inline constexpr uint32_t kJoinPeersMax = 16;       // told in one answer
inline constexpr uint32_t kJoinAsksMax = 16;        // under way at once
inline constexpr uint32_t kPortBuffersMax = 65'536;
inline constexpr uint32_t kFibReadersMax = 8;  // threads that forward packets
inline constexpr uint32_t kSegmentsMax = 16;   // of one packet, its destination included

// Routing (rfc/0003, routing/)
inline constexpr uint32_t kNeighboursMax = 1024;
inline constexpr uint32_t kRoutesMax = 65'536;
inline constexpr uint32_t kBabelKeysMax = 8;             // of one interface
inline constexpr uint32_t kBabelOutboxMax = 4096;        // TLVs waiting for one neighbour; answers: then the table
inline constexpr uint32_t kInterestPayloadMax = 1100;    // of a packet about interest; fits any link
inline constexpr uint32_t kInterestBodyMax = 768;        // a record with 64 features fits
inline constexpr uint32_t kSketchBinsMax = 64;           // label counts in an interest record
inline constexpr uint32_t kInterestMembersMax = 4096;    // of one task
inline constexpr uint32_t kInterestRecordsMax = 16'384;  // in one table, of all tasks
inline constexpr uint32_t kTaskBytesMax = 1100;          // a sealed task record; fits one packet of any link
inline constexpr uint32_t kTaskMembersMax = 40;          // named in one task record
inline constexpr uint32_t kTaskWalkersMax = 64;          // models of one task under way at once
inline constexpr uint32_t kTasksMax = 256;               // known to one node
inline constexpr uint32_t kTasksOfCreatorMax = 16;       // known to one node, of each creator
inline constexpr uint32_t kInterestTasksMax = 16;        // of one origin
inline constexpr uint32_t kInterestListenMax = 64;       // tasks whose records one node keeps
inline constexpr uint32_t kInterestPeersMax = 4096;      // reachable nodes one exchange knows
inline constexpr uint32_t kInterestPartnersMax = 64;     // that it gossips with
inline constexpr uint32_t kIntroductionBytesMax = 1200;  // sealed; fits one packet of any link

// Link services (rfc/0011, node/)
inline constexpr uint32_t kIcmpErrorsPerSecond = 100;
inline constexpr uint32_t kAdvertisementsPerSecond = 100;
inline constexpr uint32_t kEchoRepliesPerSecond = 1000;
inline constexpr uint32_t kEchoRunsMax = 16;          // pings and traces at once
inline constexpr uint32_t kEchoOutstandingMax = 256;  // unanswered requests of one of them
inline constexpr uint32_t kEchoCountMax = 10'000;     // requests of one ping
inline constexpr uint32_t kEchoIntervalMinMs = 10;
inline constexpr uint32_t kEchoIntervalMaxMs = 60'000;
inline constexpr uint32_t kTraceHopsMax = 32;

// Ledger (rfc/0004, ledger/)
inline constexpr uint32_t kLeafBytesMax = 65'535;           // C2SP tlog-tiles: entries have a u16 length
inline constexpr uint32_t kHopLeafBytesMax = 24u << 10;     // a leaf of ours with every field at its limit fits
inline constexpr uint32_t kEntryProofBytesMax = 32u << 10;  // leaf, path, checkpoint and credential
inline constexpr uint32_t kAppendLeavesMax = 4096;          // in one durable write
inline constexpr uint32_t kAppendBytesMax = 2u << 20;       // of leaves, in one durable write
inline constexpr uint32_t kMetricsMax = 64;                 // in one statement
inline constexpr uint32_t kMetricNameMax = 64;              // bytes
inline constexpr uint32_t kParametersMax = 20;              // of one deed
inline constexpr uint32_t kParameterNameMax = 32;           // bytes, [a-z0-9._-]
inline constexpr uint32_t kParameterTextMax = 64;           // bytes
inline constexpr uint32_t kChangedNamesMax = 32;            // tensors named in one statement; more: their digest
inline constexpr uint32_t kChangedNamesBytesMax = 768;      // of all of them together
inline constexpr uint32_t kWhatMax = 32;                    // bytes, [a-z0-9._-]
inline constexpr uint32_t kSoftwareMax = 128;               // bytes

// Witnesses and forks (rfc/0014, ledger/, node/)
inline constexpr uint32_t kConsistencyHashesMax = 63;      // in one request to a witness
inline constexpr uint32_t kWitnessRequestMax = 12u << 10;  // bytes, as text
inline constexpr uint32_t kWitnessLogsMax = 4096;          // logs that one node witnesses
inline constexpr uint32_t kWitnessesMax = 8;               // asked for one checkpoint
inline constexpr uint32_t kCosignedSizesKept = 64;         // checkpoints of ours whose cosignatures are kept
inline constexpr uint32_t kBookLogsMax = 1024;             // logs whose checkpoints a node compares
inline constexpr uint32_t kBookHeadsMax = 7;               // of one log: they fit one packet with the credential
inline constexpr uint32_t kForkProofBytesMax = 6u << 10;
inline constexpr uint32_t kForksMax = 1024;  // offenders one node remembers
inline constexpr uint32_t kPolicyBytesMax = 64u << 10;
inline constexpr uint32_t kPolicyNamesMax = 256;  // logs; witnesses and groups

// Journey
inline constexpr uint32_t kJourneyStopsKept = 32;  // the last stops, in full
inline constexpr uint32_t kJourneyBytesMax = 64u << 10;
inline constexpr uint32_t kJourneyVisitsMax = 512;     // nodes whose visits are counted
inline constexpr uint32_t kJourneyItineraryMax = 256;  // stops planned ahead
inline constexpr uint32_t kJourneyMetricsMax = 8;      // of one stop
inline constexpr uint32_t kJourneyMetricNameMax = 32;  // bytes
inline constexpr uint32_t kJourneyWhyMax = 200;        // bytes: one line for people

inline constexpr uint32_t kStayRoundsMax = 100;     // times a model is trained at one stop
inline constexpr uint32_t kDepartedMax = 32;        // models sent on that a node could send on again
inline constexpr uint32_t kMergedAwayMax = 1024;    // walkers that became part of others here and may be asked for
inline constexpr uint32_t kWatchesMax = 1024;       // journeys looked after by their origin
inline constexpr uint32_t kNewsQueueMax = 256;      // waiting to be sent
inline constexpr uint32_t kBestVersionsMax = 256;   // tasks of which a node keeps the version it likes best
inline constexpr uint32_t kQuarantineMax = 32;      // rejected versions a node keeps
inline constexpr uint32_t kUsualKept = 31;          // changes of one tensor that the median is taken of
inline constexpr uint32_t kUsualTensorsMax = 4096;  // of one task
inline constexpr uint32_t kUsualTasksMax = 64;
inline constexpr uint32_t kRollbacksMax = 8;        // versions in a row that one stop rejects
inline constexpr uint32_t kClassFiguresMax = 1024;  // of one measurement
inline constexpr uint32_t kReferencesMax = 64;      // parents that a node has asked others for
inline constexpr uint32_t kReputationEntries =
    4096;  // of a node's own ledger, the newest, that reputation is counted of

// Learning
inline constexpr uint32_t kMlpLayersMax = 64;                         // in one model file
inline constexpr uint64_t kTrainedModelBytesMax = uint64_t{4} << 30;  // read into memory by a trainer
inline constexpr uint64_t kIdxBytesMax = 256u << 20;                  // one data file, decompressed
inline constexpr uint32_t kIdxImageSideMax = 1024;                    // pixels
inline constexpr uint32_t kIdxImagesMax = 1024 * 1024;                // in one file

// Control socket (rfc/0005, api/)
inline constexpr uint32_t kControlMessageMax = 4u << 20;
inline constexpr uint32_t kControlClientsMax = 64;
inline constexpr uint32_t kControlFilesWaitingMax = 4;        // descriptors received ahead of their message
inline constexpr uint32_t kControlQueueMessagesMax = 256;     // unread by one client; then it is hung up on
inline constexpr uint32_t kControlQueueBytesMax = 16u << 20;  // the same, in bytes
inline constexpr uint32_t kControlProgressQueueMax = 4;       // progress is dropped beyond

static_assert(kBlocksMax * uint64_t{kBlockBytes} >= kModelBytesMax);
static_assert(kManifestBytesMax >= kBlocksMax * uint64_t{64} + kSafetensorsHeaderMax / 2);
static_assert(kControlQueueBytesMax >= 2 * kControlMessageMax);
static_assert(kHopLeafBytesMax <= kLeafBytesMax && kHopLeafBytesMax + 8192 <= kEntryProofBytesMax);
static_assert(kEntryProofBytesMax < kJourneyBytesMax);
static_assert(kReceiveBufferMax >= kWindowBytesMax + 2 * uint64_t{kBlockBytes});

}  // namespace aip::limits
