// News of journeys, in and out (rfc/0008 section 6).
#include "node/node.hpp"

namespace aip::node {

size_t Node::send_news(Instant now) {
    size_t sent = 0;
    for (; !newsbox_.empty(); ++sent) {
        const Newsbox::Letter letter = newsbox_.take();
        if (letter.to == self()) {
            take_news(letter.to, letter.news, now);
            continue;
        }
        aipacket::Header header;
        header.kind = aipacket::Kind::kNews;
        static_cast<void>(outbox_.send(letter.to, header, services_.signer.seal(kNewsDomain, letter.news.encode())));
    }
    return sent;
}

// Of a member, about now; the rest is counted. A repeated packet says nothing new, so replays do no harm.
void Node::on_news(const aipacket::PacketView& packet, Instant now) {
    constexpr Duration kClockError = Duration::seconds(300);
    const WallTime wall = services_.clock.wall();
    const auto opened = news_checks_.take(now) && packet.payload.size() <= limits::kOfferBytesMax
                            ? verifier_.open(kNewsDomain, packet.payload, wall)
                            : Result<crypto::Opened>(Error{ErrorCode::kDenied, "too much news"});
    if (opened && !is_news(opened->body)) {  // about revocations, signed by others; whoever brings it
        revocations_.take(opened->body, [this](const Result<void>& taken) {
            if (!taken) ++news_refused_;
        });
        return;
    }
    const auto news = opened ? News::parse(opened->body) : Result<News>(opened.error());
    if (!news || opened->signer.address != packet.source || news->at + kClockError < wall ||
        wall + kClockError < news->at) {
        ++news_refused_;
        return;
    }
    take_news(packet.source, *news, now);
}

void Node::take_news(const Address& from, const News& news, Instant now) {
    if (is_for_origin(news.kind))
        lookout_.on_news(from, news, now);
    else
        journeys_->on_news(from, news);
}

}  // namespace aip::node
