// A log on a real disk that breaks: every file-system call of RocksDB and of the journal is counted, and the nth fails
// (EIO, ENOSPC) or is where the process dies. A child appends and tells through a pipe what was acknowledged to it; the
// parent opens what is left and looks: nothing acknowledged is lost, no size has two roots, fsck finds nothing.
// Used by the unit test (a few hundred points) and bench/ledger_faults (all of them, and kills at random times).
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>

#include "../fixture.hpp"
#include "ledger/journal_file.hpp"
#include "ledger/log_check.hpp"
#include "ledger/rocksdb/rocks_log_store.hpp"

namespace aip::ledger::torture {

enum class Fault : uint8_t { kNone, kEio, kEnospc, kKill };

// Shared by all threads of the database.
class Fuse {
public:
    Fuse(Fault fault, uint64_t nth) : fault_(fault), left_(static_cast<int64_t>(nth)) {}
    // Every call from the nth on fails: a disk that broke stays broken.
    bool blown() {
        ++calls_;
        if (fault_ == Fault::kNone || left_.fetch_sub(1) > 0) return false;
        if (fault_ == Fault::kKill) kill(getpid(), SIGKILL);
        return true;
    }
    rocksdb::IOStatus status() const {
        return fault_ == Fault::kEnospc ? rocksdb::IOStatus::NoSpace("injected")
                                        : rocksdb::IOStatus::IOError("injected");
    }
    Error error() const { return {fault_ == Fault::kEnospc ? ErrorCode::kNoSpace : ErrorCode::kIo, "injected"}; }
    uint64_t calls() const { return calls_; }

private:
    Fault fault_;
    std::atomic<int64_t> left_;
    std::atomic<uint64_t> calls_ = 0;
};

class BreakingWritable final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    BreakingWritable(std::unique_ptr<rocksdb::FSWritableFile> file, Fuse& fuse)
        : FSWritableFileOwnerWrapper(std::move(file)), fuse_(fuse) {}
    using Base = rocksdb::FSWritableFileOwnerWrapper;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : Base::Append(data, options, context);
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& info, rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : Base::Append(data, options, info, context);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : Base::Sync(options, context);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : Base::Fsync(options, context);
    }
    rocksdb::IOStatus Flush(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : Base::Flush(options, context);
    }
    rocksdb::IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : Base::Close(options, context);
    }

private:
    Fuse& fuse_;
};

class BreakingFileSystem final : public rocksdb::FileSystemWrapper {
public:
    explicit BreakingFileSystem(Fuse& fuse) : FileSystemWrapper(rocksdb::FileSystem::Default()), fuse_(fuse) {}
    const char* Name() const override { return "breaking"; }

    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* result,
                                      rocksdb::IODebugContext* context) override {
        if (fuse_.blown()) return fuse_.status();
        std::unique_ptr<rocksdb::FSWritableFile> file;
        auto status = target()->NewWritableFile(name, options, &file, context);
        if (status.ok()) *result = std::make_unique<BreakingWritable>(std::move(file), fuse_);
        return status;
    }
    rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                        rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : target()->NewSequentialFile(name, options, result, context);
    }
    rocksdb::IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                          rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : target()->NewRandomAccessFile(name, options, result, context);
    }
    rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                   std::unique_ptr<rocksdb::FSDirectory>* result,
                                   rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : target()->NewDirectory(name, options, result, context);
    }
    rocksdb::IOStatus CreateDirIfMissing(const std::string& name, const rocksdb::IOOptions& options,
                                         rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : target()->CreateDirIfMissing(name, options, context);
    }
    rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : target()->RenameFile(from, to, options, context);
    }
    rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* context) override {
        return fuse_.blown() ? fuse_.status() : target()->DeleteFile(name, options, context);
    }

private:
    Fuse& fuse_;
};

class BreakingJournalFile final : public JournalFile {
public:
    BreakingJournalFile(JournalFile& inner, Fuse& fuse) : inner_(inner), fuse_(fuse) {}
    Result<Bytes> read() override { return fuse_.blown() ? Result<Bytes>(fuse_.error()) : inner_.read(); }
    Result<void> write(uint64_t offset, ByteView bytes) override {
        if (!fuse_.blown()) return inner_.write(offset, bytes);
        AIP_TRY(inner_.write(offset, bytes.first(bytes.size() / 2)));  // torn
        return fuse_.error();
    }
    Result<void> sync() override { return fuse_.blown() ? Result<void>(fuse_.error()) : inner_.sync(); }

private:
    JournalFile& inner_;
    Fuse& fuse_;
};

struct Acknowledged {
    uint64_t size = 0;
    Digest root;
};

// What a child does: opens, says what it found, appends batches of 1 to 3 entries until it has appended `appends` of
// them or something fails. How many file-system calls that took.
inline uint64_t live(const std::string& directory, const crypto::Signer& signer, Fault fault, uint64_t nth,
                     uint64_t appends, const std::function<void(const Acknowledged&)>& say) {
    Fuse fuse(fault, nth);
    const auto env = rocksdb::NewCompositeEnv(std::make_shared<BreakingFileSystem>(fuse));
    {
        const auto file = FileJournalFile::open(directory + "/journal");
        if (!file) return fuse.calls();
        BreakingJournalFile journal(**file, fuse);
        const auto store = RocksLogStore::open(directory + "/ledger", {false, env.get()});
        if (!store) return fuse.calls();
        const auto log = Log::open(**store, journal, signer);
        if (!log) return fuse.calls();
        if ((*log)->size() != 0) say({(*log)->size(), (*log)->root()});
        for (uint64_t i = 0; i < appends; ++i) {
            const auto appended = grow(**log, signer, (*log)->size(), 1 + i % 3);
            if (!appended) break;
            say({appended->size, appended->root});
        }
    }
    return fuse.calls();
}

// Runs it in a process of its own. RocksDB starts threads that a fork does not inherit: whoever forks must not use it.
inline std::string in_child(const std::function<std::string()>& work) {
    int ends[2];
    if (pipe(ends) != 0) return {};
    const pid_t pid = fork();
    if (pid == 0) {
        const std::string said = work();
        _exit(::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 2);
    }
    close(ends[1]);
    std::string said;
    char buffer[4096];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) said.append(buffer, static_cast<size_t>(n));
    close(ends[0]);
    waitpid(pid, nullptr, 0);
    return said;
}

// The file-system calls of one life on a log that is there already.
inline uint64_t calls_of_a_life(const crypto::Signer& signer, uint64_t appends) {
    const std::string said = in_child([&] {
        TempDir dir;
        const auto ignore = [](const Acknowledged&) {};
        live(dir / "", signer, Fault::kNone, 0, appends, ignore);
        return std::to_string(live(dir / "", signer, Fault::kNone, 0, appends, ignore));
    });
    return said.empty() ? 0 : std::stoull(said);
}

// What every child ever said about one directory.
class History {
public:
    explicit History(std::string directory) : directory_(std::move(directory)) {}

    // A child lives there with a fault, or is killed after `kill_after_us`. Empty: all is as it should be.
    std::string child(const crypto::Signer& signer, Fault fault, uint64_t nth, uint64_t appends,
                      uint64_t kill_after_us = 0) {
        int ends[2];
        if (pipe(ends) != 0) return "no pipe";
        const pid_t pid = fork();
        if (pid == 0) {
            close(ends[0]);
            live(directory_, signer, fault, nth, appends, [&](const Acknowledged& a) {
                if (::write(ends[1], &a, sizeof a) != sizeof a) _exit(2);
            });
            _exit(0);
        }
        close(ends[1]);
        if (kill_after_us != 0) {
            usleep(static_cast<useconds_t>(kill_after_us));
            kill(pid, SIGKILL);
        }
        std::string wrong;
        for (Acknowledged a; ::read(ends[0], &a, sizeof a) == sizeof a;) wrong += take(a);
        close(ends[0]);
        int status = 0;
        waitpid(pid, &status, 0);
        if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) wrong += "the child crashed; ";
        return wrong;
    }

    // Opens what is left, on a disk that works.
    std::string inspect(const crypto::Signer& signer) {
        Acknowledged found;
        const std::string said = in_child([&] { return look(signer); });
        if (said.empty()) return "the child that looked has crashed";
        if (said[0] != kOpened || said.size() <= sizeof found) return said;
        std::memcpy(&found, said.data() + 1, sizeof found);
        return take(found) + said.substr(1 + sizeof found);
    }
    uint64_t acknowledged() const { return newest_; }

private:
    static constexpr char kOpened = '+';

    // '+', what was found, as bytes, and what is wrong with it; or only why it does not open.
    std::string look(const crypto::Signer& signer) const {
        const auto file = FileJournalFile::open(directory_ + "/journal");
        if (!file) return file.error().text;
        const auto store = RocksLogStore::open(directory_ + "/ledger");
        if (!store) return store.error().text;
        const auto log = Log::open(**store, **file, signer);
        if (!log) return log.error().text;
        const Acknowledged found{(*log)->size(), (*log)->root()};
        std::string wrong(1 + sizeof found, kOpened);
        std::memcpy(wrong.data() + 1, &found, sizeof found);
        if (newest_ > found.size)
            wrong += "lost: " + std::to_string(newest_) + " acknowledged, " + std::to_string(found.size) + " left; ";
        for (const auto& [size, root] : roots_)
            if (size != 0 && size < found.size &&
                *tree_root(
                    size, [&](Subtree at) { return (*store)->hash(at); }) != root)
                wrong += "another history at size " + std::to_string(size) + "; ";
        auto known = verifier();
        LogCheck check(**store, &known, (*log)->key());
        while (!check.step(1000)) {}
        if (check.problems() != 0) wrong += "fsck: " + check.first_problems()[0] + "; ";
        return wrong;
    }

    std::string take(const Acknowledged& a) {
        newest_ = std::max(newest_, a.size);
        const auto [it, fresh] = roots_.emplace(a.size, a.root);
        return fresh || it->second == a.root ? "" : "two roots for size " + std::to_string(a.size) + "; ";
    }

    std::string directory_;
    std::map<uint64_t, Digest> roots_;
    uint64_t newest_ = 0;
};

}  // namespace aip::ledger::torture
