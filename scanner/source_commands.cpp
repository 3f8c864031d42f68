#include "scanner/source_commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <vector>

#include "base/text.hpp"
#include "connectors/filesystem/walk.hpp"
#include "report/output.hpp"
#include "report/terminal.hpp"
#include "scanner/inventory_access.hpp"
#include "scanner/network_side.hpp"
#include "scanner/scan.hpp"
#include "scanner/source_types.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kLabel = 10;

/// What is known of one source once it was asked.
struct Checked {
  const SourceConfig* source = nullptr;
  std::shared_ptr<Connector> connector;  // null for directories
  Result<SourceCheck> check = SourceCheck{};
};

/// Directories cost nothing but reading, and are there or not.
Result<SourceCheck> check_directories(const SourceConfig& source) {
  SourceCheck check;
  for (const auto& path : filesystem_source(source.settings).paths) {
    const auto root = filesystem::resolve_root(path.string());
    if (!root) {
      check.missing.push_back(path.string() + ": " + root.error().what);
    } else if (::access(root->path.c_str(), root->is_file ? R_OK : R_OK | X_OK) != 0) {
      check.missing.push_back(path.string() + ": may not be read");
    } else {
      check.plan.push_back({.what = root->path});
    }
  }
  return check;
}

Task<> ask(Checked& checked) {
  try {
    checked.check = co_await checked.connector->check();
  } catch (const std::exception&) {
    checked.check = Error{ErrorKind::internal, checked.source->name + ": stopped by an internal error"};
  }
}

/// Asks all services at once, until they have answered or Ctrl-C.
void ask_all(std::vector<Checked>& all, NetworkSide& network, const World& world) {
  for (Checked& checked : all) {
    if (checked.connector) boost::asio::co_spawn(network.context(), ask(checked), boost::asio::detached);
  }
  // It counts as stopped once nothing is left to do.
  while (!world.stop.load() && !network.context().stopped()) network.context().run_for(std::chrono::milliseconds(100));
}

std::string price(const SourceCheck& check) {
  std::uint64_t requests = 0;
  for (const SourceCheck::Line& line : check.plan) requests += line.requests;
  if (requests == 0) return {};
  std::string text = counted(requests, "request");
  if (check.points > 0) text += fmt::format(", {}", counted(check.points, "point of GraphQL", "points of GraphQL"));
  const auto seconds = check.at_least.count();
  if (seconds >= 120) text += fmt::format(", at least {} minutes by the service's limits", (seconds + 59) / 60);
  if (seconds > 0 && seconds < 120)
    text += fmt::format(", at least {}", counted(static_cast<std::uint64_t>(seconds), "second"));
  return text;
}

void draw(Canvas& canvas, const Checked& checked) {
  canvas.put(printable(checked.source->name), Tone::strong).put(" (" + checked.source->type + ")", Tone::quiet).line();
  const auto row = [&canvas](std::string_view label, std::string_view text, Tone tone) {
    canvas.space(2).left(label, kLabel, Tone::quiet).put(printable(text), tone).line();
  };
  if (!checked.check) return row("cannot", checked.check.error().what, Tone::alarm);
  const SourceCheck& check = *checked.check;
  if (!check.identity.empty()) row("asks as", check.identity, Tone::plain);
  for (const SourceCheck::Line& line : check.plan) {
    row("reads", line.requests == 0 ? line.what : fmt::format("{}: {}", line.what, counted(line.requests, "request")),
        Tone::plain);
  }
  if (const std::string text = price(check); !text.empty()) row("costs", text, Tone::plain);
  for (const std::string& missing : check.missing) row("missing", missing, Tone::alarm);
  for (const std::string& remark : check.remarks) row("note", remark, Tone::notice);
}

}  // namespace

int run_sources_check(const GlobalOptions& given, const SourcesCheckOptions& options, const World& world) {
  auto settled = settle_options(given, options.config, world);
  if (!settled) return fail(world, kUsage, settled.error());
  auto sources = chosen_sources(*settled->config, options.sources);
  if (!sources) return fail(world, kUsage, sources.error());

  NetworkSide network(world, settled->global.db);
  std::vector<Checked> all(sources->size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    Checked& checked = all[i];
    checked.source = (*sources)[i];
    if (const ConnectorEntry* entry = connector_entry(checked.source->type)) {
      auto connector = network.connect(*entry, checked.source->settings, checked.source->name);
      if (!connector) return fail(world, kUsage, connector.error());
      checked.connector = std::move(*connector);
      checked.check = Error{ErrorKind::transient, checked.source->name + ": interrupted before it answered"};
    } else {
      checked.check = check_directories(*checked.source);
    }
  }
  ask_all(all, network, world);

  Canvas canvas(terminal_of(STDOUT_FILENO, world.environment));
  bool is_complete = true;
  for (const Checked& checked : all) {
    if (&checked != &all.front()) canvas.line();
    draw(canvas, checked);
    is_complete = is_complete && checked.check && checked.check->missing.empty();
  }
  DescriptorOutput output(STDOUT_FILENO);
  output.write(canvas.take());
  if (auto done = output.finish(); !done) return fail(world, kStorage, done.error());
  if (world.stop.load()) return kInterrupted;
  return is_complete ? kComplete : kIncomplete;
}

}  // namespace tokensweep
