// Runs the built aipctl as a person would and gives what it printed.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/daemons/control/fake_node.hpp"

namespace aip::cli {

struct Ran {
    int exit = -1;
    std::string out;
    std::string err;
};

inline Ran aipctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), AIPCTL);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const OwnedFd out = daemons::memory_file("");
    const OwnedFd err = daemons::memory_file("");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.get(), STDERR_FILENO);
    pid_t child = -1;
    AIP_ASSERT(posix_spawn(&child, AIPCTL, &actions, nullptr, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    AIP_ASSERT(waitpid(child, &status, 0) == child);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), daemons::content_of(out.get()),
            daemons::content_of(err.get())};
}

}  // namespace aip::cli
