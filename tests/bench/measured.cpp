// Runs a command and writes down what it cost: wall, user and system seconds, peak KiB, exit status, to the file named
// first. A program of its own because a child of Python inherits Python's peak memory in ru_maxrss, which would hide
// that of a scanner that needs less.
//
//   g++ -O2 -std=c++20 -Wall -Wextra -Werror measured.cpp -o measured && ./measured COST STDOUT COMMAND [ARGUMENT]...

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

[[noreturn]] void become(char** command, const char* output) {
  const int out = ::open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (out >= 0 && null >= 0 && ::dup2(null, 0) == 0 && ::dup2(out, 1) == 1 && ::dup2(null, 2) == 2) {
    ::execvp(command[0], command);
  }
  ::_exit(127);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  std::FILE* cost = std::fopen(argv[1], "w");
  if (cost == nullptr) return 2;
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::vfork();
  if (child == 0) become(argv + 3, argv[2]);
  int status = 0;
  rusage used{};
  if (child < 0 || ::wait4(child, &status, 0, &used) != child) return 2;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::fprintf(cost, "%.6f %.6f %.6f %ld %d\n", wall.count(), seconds(used.ru_utime), seconds(used.ru_stime),
               used.ru_maxrss, code);
  return std::fclose(cost) == 0 ? 0 : 2;
}
