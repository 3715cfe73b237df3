// Keys of simulated nodes, made of a number: the same seed gives the same node. Never for anything but simulation.
#pragma once

#include "crypto/identity.hpp"

namespace aip::sim {

crypto::SecretKey make_root(uint64_t seed);
// A node of the network of `root`, its certificates valid for ever as seen from EventQueue's wall clock.
crypto::Signer make_signer(uint64_t seed, const crypto::SecretKey& root);

}  // namespace aip::sim
