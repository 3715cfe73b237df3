#include "routing/introduction.hpp"

#include "base/limits.hpp"
#include "routing/canonical.hpp"
#include "routing/introduction.capnp.h"

namespace aip::routing {
namespace {

Error invalid(const char* why) { return {ErrorCode::kInvalid, std::string("introduction: ") + why}; }

Result<Introduction> read_introduction(schema::Introduction::Reader in) {
    Introduction introduction;
    introduction.sequence = in.getSequence();
    introduction.wall = WallTime::from_unix_ms(in.getWallMs());
    introduction.lifetime = Duration::milliseconds(in.getLifetimeMs());
    introduction.mtu = in.getMtu();
    introduction.answer = in.getAnswer();
    if (in.hasCookie()) {
        const auto cookie = in.getCookie();
        introduction.cookie = JoinCookie::from(ByteView(cookie.begin(), cookie.size()));
        if (!introduction.cookie) return invalid("cookie is not of 16 bytes");
    }
    if (introduction.lifetime < kIntroductionLifetimeMin || introduction.lifetime > kIntroductionLifetimeMax)
        return invalid("lifetime is out of range");
    if (introduction.mtu < kMtuMin) return invalid("mtu is below 1280");
    if (introduction.wall.unix_ms() < 0) return invalid("time is before 1970");
    return introduction;
}

}  // namespace

Bytes encode_introduction(const Introduction& introduction) {
    return encode_canonical<schema::Introduction>([&](schema::Introduction::Builder out) {
        out.setSequence(introduction.sequence);
        out.setWallMs(introduction.wall.unix_ms());
        out.setLifetimeMs(static_cast<uint32_t>(introduction.lifetime.count_ms()));
        out.setMtu(introduction.mtu);
        out.setAnswer(introduction.answer);
        if (introduction.cookie)
            out.setCookie(kj::arrayPtr(introduction.cookie->bytes.data(), introduction.cookie->bytes.size()));
    });
}

Result<Introduction> parse_introduction(ByteView body) {
    return parse_canonical<schema::Introduction, Introduction>(body, limits::kIntroductionBytesMax, "introduction",
                                                               read_introduction);
}

}  // namespace aip::routing
