// Signed notes, checkpoints and verifier keys: whatever parses is written back as the same bytes.
#include "base/assert.hpp"
#include "ledger/note.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::ledger;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto note = Note::parse(text)) {
        AIP_ASSERT(text.starts_with(note->text) && note->text.ends_with('\n'));
        AIP_ASSERT(!note->signatures.empty() && note->signatures.size() <= kNoteSignaturesMax);
        if (const auto checkpoint = Checkpoint::parse(note->text)) AIP_ASSERT(checkpoint->text() == note->text);
    }
    if (const auto checkpoint = Checkpoint::parse(text)) AIP_ASSERT(checkpoint->text() == text);
    if (const auto key = NoteKey::parse(text)) AIP_ASSERT(key->vkey() == text);
    return 0;
}
