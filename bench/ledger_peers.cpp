#include <fcntl.h>
#include <rocksdb/db.h>
#include <unistd.h>

#include "base/assert.hpp"
#include "base/owned_fd.hpp"
#include "bench/ledger_world.hpp"

namespace aip::bench {

Times fdatasync_in_place(const std::string& file, size_t count) {
    constexpr size_t kFileBytes = 4u << 20;
    const OwnedFd fd(::open(file.c_str(), O_RDWR | O_CREAT, 0644));
    AIP_ASSERT(fd);
    if (lseek(fd.get(), 0, SEEK_END) == 0) {
        const Bytes zeros(kFileBytes);
        AIP_ASSERT(pwrite(fd.get(), zeros.data(), zeros.size(), 0) == static_cast<ssize_t>(zeros.size()));
        AIP_ASSERT(fsync(fd.get()) == 0);
    }
    const Bytes page(4096, 'x');
    Times times;
    for (size_t i = 0; i < count; ++i)
        times.take([&] {
            const auto at = static_cast<off_t>(i * page.size() % kFileBytes);
            AIP_ASSERT(pwrite(fd.get(), page.data(), page.size(), at) == static_cast<ssize_t>(page.size()));
            AIP_ASSERT(fdatasync(fd.get()) == 0);
        });
    return times;
}

struct RocksPeer::State {
    std::unique_ptr<rocksdb::DB> db;
    uint64_t next = 0;
};

RocksPeer::RocksPeer(const std::string& directory) : state_(std::make_unique<State>()) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    AIP_ASSERT(rocksdb::DB::Open(options, directory, &db).ok());
    state_->db.reset(db);
}

RocksPeer::~RocksPeer() = default;

void RocksPeer::write(const std::vector<Bytes>& values) {
    rocksdb::WriteBatch batch;
    for (const Bytes& value : values) {
        Bytes key;
        Writer(key).u64(state_->next++);
        AIP_ASSERT(batch
                       .Put({reinterpret_cast<const char*>(key.data()), key.size()},
                            {reinterpret_cast<const char*>(value.data()), value.size()})
                       .ok());
    }
    rocksdb::WriteOptions durable;
    durable.sync = true;
    AIP_ASSERT(state_->db->Write(durable, &batch).ok());
}

double verifications_per_s(const Member& member, double seconds) {
    auto verifier = member.verifier();
    const SignedLeaf leaf = member.leaf(1);
    const double start = seconds_now();
    uint64_t count = 0;
    for (; seconds_now() - start < seconds; ++count) AIP_ASSERT(ledger::check_leaf(leaf.bytes, verifier, kBenchTime));
    return static_cast<double>(count) / (seconds_now() - start);
}

}  // namespace aip::bench
