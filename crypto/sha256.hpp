// SHA-256 through libcrypto (SHA-NI where present: several times libsodium's). The name of everything in aipacket.
#pragma once

#include <memory>

#include "base/assert.hpp"
#include "base/ids.hpp"

namespace aip::crypto {

Digest sha256(ByteView bytes);

// sha256 of the concatenation of everything given to update().
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    Sha256& update(ByteView bytes);
    Digest finish();  // ends it; call once

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace aip::crypto
