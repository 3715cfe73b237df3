#include "ledger/tiles_keeper.hpp"

#include <utility>

namespace aip::ledger {

// What is new since `first`, up to a signed tree.
class TilesKeeper::Batch final : public ExportSource {
public:
    Batch(NoteKey key, uint64_t first) : key_(std::move(key)), first_(first) {}

    Result<std::vector<NoteKey>> keys() override { return std::vector{key_}; }
    Result<std::optional<std::string>> checkpoint(uint64_t) override { return std::optional(text_); }
    Result<Bytes> entry(uint64_t index) override {
        if (index < first_ || index - first_ >= leaves_.size())
            return Error{ErrorCode::kExists, "the tiles there were changed by somebody else"};
        return leaves_[index - first_];
    }
    Result<MerklePath> inclusion(uint64_t, uint64_t) override { return none(); }
    Result<MerklePath> consistency(uint64_t, uint64_t) override { return none(); }

    // Storage executor; true when the batch is complete. One append always fits, and it ends in a signed tree.
    Result<bool> read(const Log& log, const Cosignatures& cosignatures) {
        for (size_t n = 0; n < kReadEntries && !full(log); ++n) {
            AIP_ASSIGN(Bytes leaf, log.leaf(first_ + leaves_.size()));
            bytes_ += leaf.size();
            leaves_.push_back(std::move(leaf));
        }
        if (!full(log)) return false;
        AIP_ASSIGN(auto text, log.checkpoint(first_ + leaves_.size()));
        if (!text) return true;  // an empty log
        AIP_ASSIGN(const Note note, Note::parse(*text));
        AIP_ASSIGN(const Checkpoint tree, Checkpoint::parse(note.text));
        AIP_ASSIGN(const std::string lines, cosignatures(tree.size));
        text_ = *text + lines;
        return true;
    }
    const std::string& text() const { return text_; }

private:
    bool full(const Log& log) const {
        return first_ + leaves_.size() >= log.size() || leaves_.size() >= kStepEntries || bytes_ >= kStepBytes;
    }
    static Error none() { return {ErrorCode::kInvalid, "tiles need no proofs"}; }

    NoteKey key_;
    uint64_t first_;
    std::vector<Bytes> leaves_;
    size_t bytes_ = 0;
    std::string text_;
};

TilesKeeper::TilesKeeper(const Log& log, std::string directory, Executor& storage, Executor& files,
                         Cosignatures cosignatures, std::function<void(std::string_view)> say)
    : log_(log),
      directory_(std::move(directory)),
      storage_(storage),
      files_(files),
      cosignatures_(std::move(cosignatures)),
      say_(std::move(say)) {}

size_t TilesKeeper::poll(Instant now) {
    if (now < next_) return 0;
    next_ = Instant::never();  // until the step is done
    began_ = now;
    look();
    return 1;
}

void TilesKeeper::look() {
    if (have_) return read(std::make_shared<Batch>(log_.key(), *have_));
    submit(
        files_, [directory = directory_, origin = log_.key().name] { return tiles_size(directory, origin); },
        [this](const Result<uint64_t>& size) {
            if (!size) return failed(size.error());
            have_ = *size;
            look();
        });
}

void TilesKeeper::read(std::shared_ptr<Batch> batch) {
    submit(
        storage_, [this, batch] { return batch->read(log_, cosignatures_); },
        [this, batch](const Result<bool>& complete) {
            if (!complete) return failed(complete.error());
            if (!*complete) return read(batch);
            if (batch->text() == checkpoint_) return wait(kEvery);
            write(batch);
        });
}

void TilesKeeper::write(std::shared_ptr<Batch> batch) {
    submit(
        files_, [batch, directory = directory_] { return write_tiles(*batch, directory, kTreeSizeMax); },
        [this, batch](const Result<TilesReport>& written) {
            if (!written) return failed(written.error());
            have_ = written->size;
            checkpoint_ = batch->text();
            wait(kEvery);
            if (std::exchange(failing_, false)) say_("tiles are written again in " + directory_);
        });
}

void TilesKeeper::failed(const Error& error) {
    have_.reset();
    checkpoint_.clear();
    wait(kAfterFailure);
    if (!std::exchange(failing_, true))
        say_("tiles are not written: " + error.text + "; tried again every minute, all else goes on");
}

}  // namespace aip::ledger
