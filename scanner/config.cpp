#include "scanner/config.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "identity/private_path.hpp"
#include "identity/signing.hpp"
#include "scanner/config_policy.hpp"
#include "scanner/settings_reader.hpp"

namespace tokensweep {
namespace {

namespace fs = std::filesystem;

constexpr std::array kInventory = {
    KeySpec{.name = "file",
            .kind = KeyKind::path,
            .summary = "the inventory; else `tokensweep/inventory.db` in `$XDG_DATA_HOME`, or in `~/.local/share`"},
    KeySpec{.name = "key_file",
            .kind = KeyKind::path,
            .summary = "the key of its fingerprints; else beside it, `.key` added to its name"},
    KeySpec{.name = "collector_key",
            .kind = KeyKind::text,
            .summary = "the line that `tokensweep collector init` printed: sweeps seal to it what the collector "
                       "knows tokens by"},
};

constexpr std::array kCollector = {
    KeySpec{.name = "senders",
            .kind = KeyKind::texts,
            .summary = "the laptops whose inventories are taken, by the ids that `export --seal` prints; else all"},
};

// What every source has, whatever its type.
constexpr std::array kSource = {
    KeySpec{.name = "name",
            .kind = KeyKind::text,
            .summary = "unique, one word; what `--source`, exports and messages call it",
            .required = true},
    KeySpec{.name = "type",
            .kind = KeyKind::text,
            .summary = "what kind of store it is: `\"filesystem\"`",
            .required = true},
};

/// A name has to fit into a filter's term, `source=NAME`.
bool is_one_word(std::string_view name) { return name.find_first_of(" ,") == std::string_view::npos; }

std::vector<SourceConfig> sources_of(const Settings& file, Problems& problems) {
  std::vector<SourceConfig> sources;
  for (const Settings& table : file.tables("source")) {
    SourceConfig source{.name = table.text("name"), .type = table.text("type"), .settings = table};
    if (!is_one_word(source.name)) problems.add(table.line_of("name"), "name has to be one word, without a comma");
    const auto same = std::find_if(sources.begin(), sources.end(),
                                   [&source](const SourceConfig& other) { return other.name == source.name; });
    if (same != sources.end() && !source.name.empty()) {
      problems.add(
          table.line_of("name"),
          fmt::format("the source at line {} has the same name: each needs one of its own", same->settings.line()));
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

std::optional<CollectorPublicKey> collector_key_of(const Settings& file, Problems& problems) {
  constexpr std::string_view kKey = "inventory.collector_key";
  if (!file.has(kKey)) return std::nullopt;
  auto key = CollectorPublicKey::parse(file.text(kKey));
  if (key) return *key;
  problems.add(file.line_of(kKey), "collector_key is " + key.error().what);
  return std::nullopt;
}

std::vector<std::string> senders_of(const Settings& file, Problems& problems) {
  constexpr std::string_view kSenders = "collector.senders";
  std::vector<std::string> senders = file.texts(kSenders);
  if (!std::all_of(senders.begin(), senders.end(), is_sender_id)) {
    problems.add(file.line_of(kSenders),
                 "senders has to list ids of 32 hex digits, as `tokensweep export --seal` prints");
  }
  return senders;
}

Error refused(const fs::path& file, std::string_view why) {
  return {ErrorKind::misconfigured, fmt::format("{}: {}", printable(file.native()), why)};
}

Error refused(const fs::path& file, int error) {
  return refused(file, fmt::format("cannot be read: {}", std::generic_category().message(error)));
}

/// All of an open file, and no more than a configuration can have.
Result<std::string> read_all(int descriptor, const fs::path& file) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 20U;
  std::string text(kMostBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(descriptor, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(file, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

/// Its bytes, if nobody else can have written them.
Result<std::string> read_trusted(const fs::path& file) {
  std::error_code failed;
  const fs::path resolved = fs::canonical(file, failed);  // a link to it is fine: what it leads to is judged
  if (failed) return refused(file, failed.value());
  if (auto fine = check_private_directory(resolved.parent_path()); !fine) return refused(file, fine.error().what);
  const int descriptor = ::open(resolved.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  if (descriptor < 0) return refused(file, errno);
  auto fine = check_private_descriptor(descriptor, "it", Sharing::may_be_read);
  Result<std::string> text = fine ? read_all(descriptor, file) : refused(file, fine.error().what);
  ::close(descriptor);
  return text;
}

}  // namespace

const SourceConfig* Config::source(std::string_view name) const {
  const auto found =
      std::find_if(sources.begin(), sources.end(), [name](const SourceConfig& one) { return one.name == name; });
  return found == sources.end() ? nullptr : &*found;
}

std::vector<KeySpec> config_keys(std::span<const TypeSpec> types) {
  return {
      {.name = "inventory", .kind = KeyKind::table, .summary = "where the inventory is", .keys = kInventory},
      {.name = "collector",
       .kind = KeyKind::table,
       .summary = "what this inventory takes from laptops",
       .keys = kCollector},
      {.name = "policy",
       .kind = KeyKind::table,
       .summary = "what the company decided about its tokens",
       .keys = policy_keys()},
      {.name = "source", .kind = KeyKind::typed, .summary = "one store to sweep", .keys = kSource, .types = types},
  };
}

Result<Config> parse_config(std::string_view text, std::string_view file, const Environment& environment,
                            std::span<const TypeSpec> types) {
  Problems problems(printable(file));
  PathBase base{.directory = fs::path(file).parent_path(), .home = environment("HOME")};
  if (base.home && base.home->empty()) base.home.reset();
  const Settings settings = read_settings(text, config_keys(types), base, problems);
  if (problems.count() > 0) return problems.first();  // what was not read cannot be held against the rest
  Config config{.inventory = settings.path("inventory.file"),
                .key_file = settings.path("inventory.key_file"),
                .collector_key = collector_key_of(settings, problems),
                .senders = senders_of(settings, problems),
                .policy = policy_of(settings, problems),
                .sources = sources_of(settings, problems)};
  if (problems.count() > 0) return problems.first();
  return config;
}

Result<Config> load_config(const fs::path& file, const Environment& environment) {
  TRY(const std::string text, read_trusted(file));
  return parse_config(text, file.native(), environment);
}

}  // namespace tokensweep
