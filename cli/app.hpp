// aipctl as a function: command line in, exit status out. Names, options, help and suggestions are here; what commands
// do is in commands.hpp. Everything it needs of the process comes as arguments, so tests call it too.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace aip::cli {

// `arguments` without the program's name.
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err, WallTime now);

}  // namespace aip::cli
