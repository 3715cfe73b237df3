// One transfer of an Exchange, either way: the state machine of aipacket/ with what it needs of this node.
#pragma once

#include "node/exchange.hpp"

namespace aip::node {

struct Exchange::Sending {
    Sending(const Services& services, const aipacket::SenderConfig& config, Bytes offer, Outgoing outgoing,
            std::vector<uint32_t> sizes, Instant now)
        : what(std::move(outgoing)),
          cache(services.storage, services.blocks, what.blocks),
          sender(config, std::move(offer), std::move(what.head), std::move(sizes), cache, now) {}

    Outgoing what;
    BlockCache cache;
    aipacket::Sender sender;
};

struct Exchange::Receiving {
    Receiving(const aipacket::ReceiverConfig& config, aipacket::Offer offered, const aipacket::Header& header,
              Instant now)
        : offer(std::move(offered)), receiver(config, header, now) {}

    aipacket::Offer offer;
    aipacket::Receiver receiver;
    std::vector<model::BlockRef> blocks;
};

}  // namespace aip::node
