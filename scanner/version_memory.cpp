#include "scanner/version_memory.hpp"

#include <cstring>
#include <utility>

#include "identity/mark.hpp"
#include "scanner/sweep_writer.hpp"

namespace tokensweep {

Result<> VersionMemory::load(const Inventory& inventory, std::string_view connector, std::string_view source) {
  return inventory.for_each_known(connector, source, [this](const Scope& scope, std::vector<KnownVersion> known) {
    realms_.insert({scope.source, scope.name, scope.realm});
    scopes_.insert_or_assign(key_of(scope), std::move(known));
  });
}

bool VersionMemory::any_of(std::string_view connector, std::string_view source, std::string_view realm) const {
  return realms_.contains({std::string(connector), std::string(source), std::string(realm)});
}

const std::vector<KnownVersion>* VersionMemory::of(const Scope& scope) const {
  const auto found = scopes_.find(key_of(scope));
  return found == scopes_.end() ? nullptr : &found->second;
}

Mark mark_of_place(std::string_view place) { return mark_of({place}); }

std::size_t MarkHash::operator()(const Mark& mark) const {
  std::size_t hash = 0;
  std::memcpy(&hash, mark.data(), sizeof hash);
  return hash;
}

}  // namespace tokensweep
