#include "scanner/world.hpp"

namespace tokensweep {

int fail(const World& world, int code, const Error& error) {
  world.messages.error(error.what);
  return code;
}

int fail(const World& world, const Error& error) {
  const bool usage = error.kind == ErrorKind::misconfigured || error.kind == ErrorKind::malformed;
  return fail(world, usage ? kUsage : kStorage, error);
}

}  // namespace tokensweep
