// Differentially private sketches (rfc/0010 section 6): Laplace noise of scale 1/epsilon on every label count, then the
// nearest counts that are not negative and have the same sum. Cutting off below zero alone would make every node look
// more balanced than it is. Adding or removing one sample changes one count by one, so one release is epsilon-private.
//
// Averaging many releases would take the noise away again. So the noise is a function of the node's secret, the task
// and the true counts: as long as the data is the same the release is the same, also after a restart; nobody without
// the secret can tell it from chance. A new release spends epsilon again; release_holds() says when the data has
// changed enough to be worth one. Any thread.
#pragma once

#include <string_view>

#include "crypto/identity.hpp"
#include "routing/sketch.hpp"

namespace aip::routing {

// kInvalid: a sketch of moments has no bound on what one sample can change, so it cannot be made private.
Result<void> check_private(const Sketch& sketch, double epsilon);
Sketch private_sketch(const Sketch& sketch, double epsilon, const Digest& secret, std::string_view task);
// The release made of `released_from` still does for `data`: noise, or a tenth of the samples, hides the difference.
bool release_holds(const Sketch& released_from, const Sketch& data, double epsilon);
// Known to this node alone, and the same after every start with the same operational key.
Digest privacy_secret(const crypto::Signer& signer);

}  // namespace aip::routing
