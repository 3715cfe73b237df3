// Differentially private sketches (rfc/0010 section 6): Laplace noise of scale 1/epsilon on every label count, rounded,
// never below 0. Adding or removing one sample changes one count by one, so one release is epsilon-private.
//
// Averaging many releases would take the noise away again. So the noise is a function of the node's secret, the task
// and the true counts: as long as the data is the same the release is the same, also after a restart; nobody without
// the secret can tell it from chance. Data that changes makes a new release and spends epsilon again. Any thread.
#pragma once

#include <string_view>

#include "crypto/identity.hpp"
#include "routing/sketch.hpp"

namespace aip::routing {

// kInvalid: a sketch of moments has no bound on what one sample can change, so it cannot be made private.
Result<void> check_private(const Sketch& sketch, double epsilon);
Sketch private_sketch(const Sketch& sketch, double epsilon, const Digest& secret, std::string_view task);
// Known to this node alone, and the same after every start with the same operational key.
Digest privacy_secret(const crypto::Signer& signer);

}  // namespace aip::routing
