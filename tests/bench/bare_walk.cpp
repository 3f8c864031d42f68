// Lists a tree and does nothing else: what any scanner pays before it looks at a single byte.
//
//   g++ -O2 -std=c++20 -Wall -Wextra -Werror -pthread bare_walk.cpp -o bare_walk && ./bare_walk ROOT [THREADS]

#include "bare_walk.hpp"

int main(int argc, char** argv) {
  const auto [root, threads] = bare::arguments(argc, argv);
  const auto nothing = [](int, const char*, bare::Counts&) {};
  bare::print(bare::walk(root, threads, [&] { return nothing; }));
}
