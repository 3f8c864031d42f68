#include "scanner/text_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>

#include "identity/fingerprint.hpp"

namespace tokensweep {
namespace {

constexpr int kDeepestLayer = 4;
// Enough for the longest nerf-dart that is worth showing, and for telling whether a line is a comment.
constexpr std::size_t kLineReach = 512;

std::string_view line_before(std::string_view text, std::size_t at) {
  const std::size_t from = at > kLineReach ? at - kLineReach : 0;
  const std::string_view before = text.substr(from, at - from);
  const std::size_t line_break = before.find_last_of("\r\n");
  return line_break == std::string_view::npos ? before : before.substr(line_break + 1);
}

/// `#` and `;` begin a comment in the files that hold tokens; `//` begins a registry's address.
bool begins_comment(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && (line[first] == '#' || line[first] == ';');
}

/// The registry that a setting is bound to: `//registry.corp.example/npm/:_authToken=`.
std::optional<std::string> registry_before(std::string_view line) {
  const std::size_t key = line.rfind("/:");
  if (key == std::string_view::npos || line.size() - key > 64) return std::nullopt;
  const std::size_t slashes = line.rfind("//", key);
  if (slashes == std::string_view::npos || slashes + 2 >= key) return std::nullopt;
  const std::string_view registry = line.substr(slashes + 2, key - slashes - 2);
  if (registry.find_first_of(" \t\"'`$<>{}()@\\,;") != std::string_view::npos) return std::nullopt;
  std::string name(registry);
  for (char& letter : name) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + ('a' - 'A'));
  }
  return name;
}

/// The setting's name in front of a value: an identifier before `=` or `:`, or one of npm's own before a space.
/// Anything else may be a value itself (`user:password:token`).
std::string key_of(std::string_view before_secret) {
  static constexpr std::array<std::string_view, 14> kWords = {"auth",   "Auth",   "AUTH", "token", "Token",
                                                              "TOKEN",  "npm",    "NPM",  "passw", "PASSW",
                                                              "secret", "SECRET", "key",  "KEY"};
  const std::size_t end = before_secret.find_last_not_of(" \t\"'`=:\\>");
  if (end == std::string_view::npos) return {};
  const bool assigned = before_secret.find_first_of("=:", end) != std::string_view::npos;
  const auto in_name = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '_' || letter == '-' || letter == '.';
  };
  std::size_t begin = end + 1;
  while (begin > 0 && end + 1 - begin < 64 && in_name(before_secret[begin - 1])) --begin;
  const std::string_view name = before_secret.substr(begin, end + 1 - begin);
  if (!assigned && !name.starts_with("_auth") && !name.starts_with("_password")) return {};
  const bool is_setting = std::any_of(kWords.begin(), kWords.end(), [name](std::string_view word) {
    return name.find(word) != std::string_view::npos;
  });
  return is_setting ? std::string(name) : std::string();
}

bool overlaps(const Finding& finding, std::size_t begin, std::size_t end) {
  return finding.begin < end && begin < finding.end;
}

/// Stretches of a text that belong to a finding already.
class Taken {
 public:
  /// Takes a stretch, unless some of it is taken.
  bool take(std::size_t begin, std::size_t end) {
    const auto next = stretches_.upper_bound(begin);
    if (next != stretches_.end() && next->first < end) return false;
    if (next != stretches_.begin() && std::prev(next)->second > begin) return false;
    stretches_.emplace_hint(next, begin, end);
    return true;
  }

 private:
  std::map<std::size_t, std::size_t> stretches_;  // begin to end
};

}  // namespace

std::uint32_t line_breaks(std::string_view text) {
  // In blocks whose count fits a byte, the compiler counts 16 characters at once; std::count it does not.
  constexpr std::size_t kBlock = 255;
  std::uint32_t all = 0;
  while (!text.empty()) {
    std::uint8_t some = 0;
    for (const char letter : text.substr(0, kBlock)) some = static_cast<std::uint8_t>(some + (letter == '\n' ? 1 : 0));
    all += some;
    text.remove_prefix(std::min(kBlock, text.size()));
  }
  return all;
}

Result<Detector> Detector::make(RuleSet rules) {
  std::size_t reach = 0;
  for (const Rule& rule : rules.rules()) reach = std::max<std::size_t>(reach, rule.max_length);
  TRY(Prefilter prefilter, Prefilter::compile(rules.rules()));
  return Detector(std::move(rules), std::move(prefilter), reach);
}

Result<> TextSearch::search(const Text& text, std::span<const LiteralHit> hits, std::vector<Finding>& findings) {
  const auto first = static_cast<std::ptrdiff_t>(findings.size());
  TRY_VOID(search(text, hits, {}, 0, findings));
  std::stable_sort(findings.begin() + first, findings.end(),
                   [](const Finding& a, const Finding& b) { return a.begin < b.begin; });
  return {};
}

Result<> TextSearch::search(const Text& text, std::span<const LiteralHit> hits, const std::string& inner, int depth,
                            std::vector<Finding>& findings) {
  const std::size_t first = findings.size();
  TRY_VOID(match(text, hits, inner, findings));
  if (hits.empty() || depth == kDeepestLayer) return {};
  TRY_VOID(open_encoded(text, hits, inner, depth, findings));
  if (text.is_whole && may_be_json(text.bytes)) TRY_VOID(open_json(text, hits, inner, depth, first, findings));
  return {};
}

TextSearch::Window TextSearch::whole(std::string_view bytes, std::uint32_t rule) {
  return {.rule = rule, .begin = 0, .end = bytes.size()};
}

TextSearch::Window TextSearch::window_around(std::string_view bytes, const LiteralHit& hit, const Rule& rule,
                                             std::uint32_t number) {
  if (rule.max_length == 0) return whole(bytes, number);
  // One byte more than a match can have, so that it sees what it must not be glued to.
  const std::size_t reach = rule.max_length + 1;
  const std::size_t lead = (rule.max_lead == 0 ? rule.max_length : rule.max_lead) + 1;
  Window window{
      .rule = number, .begin = hit.begin > lead ? hit.begin - lead : 0, .end = std::min(bytes.size(), hit.end + reach)};
  window.cut_in_front = window.begin > 0;
  window.cut_behind = window.end < bytes.size();
  if (rule.single_line) {
    // With the line breaks themselves: `^` and `$` are beside them, and a line that is whole is not cut.
    const std::size_t before = bytes.substr(window.begin, hit.begin - window.begin).rfind('\n');
    if (before != std::string_view::npos) window.begin += before, window.cut_in_front = false;
    const std::size_t after = bytes.substr(hit.end, window.end - hit.end).find('\n');
    if (after != std::string_view::npos) window.end = hit.end + after + 1, window.cut_behind = false;
  }
  return window;
}

std::vector<TextSearch::Window> TextSearch::windows(const Text& text, std::span<const LiteralHit> hits) const {
  std::vector<Window> all;
  for (const std::uint32_t rule : detector_.prefilter.unfiltered()) all.push_back(whole(text.bytes, rule));
  for (const LiteralHit& hit : hits) {
    if (detector_.prefilter.form(hit.literal) != Form::plain) continue;
    for (const std::uint32_t rule : detector_.prefilter.rules(hit.literal)) {
      all.push_back(window_around(text.bytes, hit, detector_.rules.rules()[rule], rule));
    }
  }
  // Windows of one rule that touch become one: a match is found once.
  std::sort(all.begin(), all.end(),
            [](const Window& a, const Window& b) { return std::tie(a.rule, a.begin) < std::tie(b.rule, b.begin); });
  std::vector<Window> merged;
  for (const Window& window : all) {
    if (!merged.empty() && merged.back().rule == window.rule && window.begin <= merged.back().end) {
      if (window.end < merged.back().end) continue;
      merged.back().end = window.end;
      merged.back().cut_behind = window.cut_behind;
    } else {
      merged.push_back(window);
    }
  }
  return merged;
}

Result<> TextSearch::match(const Text& text, std::span<const LiteralHit> hits, const std::string& inner,
                           std::vector<Finding>& findings) {
  Taken taken;
  for (const Window& window : windows(text, hits)) {
    const bool cut_in_front = window.cut_in_front || (window.begin == 0 && text.cut_in_front);
    const bool cut_behind = window.cut_behind || (window.end == text.bytes.size() && text.cut_behind);
    const std::string_view piece = text.bytes.substr(window.begin, window.end - window.begin);
    TRY(const std::vector<Match> matches, detector_.rules.match(piece, text.path, {&window.rule, 1}));
    for (const Match& match : matches) {
      if ((match.begin == 0 && cut_in_front) || (match.end == piece.size() && cut_behind)) continue;
      const std::size_t begin = window.begin + match.secret_begin;
      const std::size_t end = window.begin + match.secret_end;
      // Rules stand in order, the specific ones first: a value has one kind.
      if (!taken.take(begin, end)) continue;
      const std::string_view line = line_before(text.bytes, begin);
      findings.push_back({.rule = match.rule,
                          .value = Secret(text.bytes.substr(begin, end - begin)),
                          .begin = begin,
                          .end = end,
                          .inner = inner,
                          .checksum = match.checksum,
                          .commented_out = begins_comment(line),
                          .registry = registry_before(line),
                          .key = key_of(line)});
    }
  }
  return {};
}

Result<> TextSearch::search_layer(const Layer& layer, std::string_view path, const std::string& inner, int depth,
                                  std::vector<Finding>& findings) {
  std::vector<LiteralHit> hits;
  literals(layer.text(), hits);
  const std::size_t first = findings.size();
  const Text text{.bytes = layer.text(),
                  .path = path,
                  .cut_in_front = layer.cut_in_front,
                  .cut_behind = layer.cut_behind,
                  .is_whole = !layer.cut_in_front && !layer.cut_behind};
  TRY_VOID(search(text, hits, inner, depth + 1, findings));
  // Of a layer whose beginning is out of reach nobody knows the lines.
  if (layer.cut_in_front) return {};
  for (std::size_t i = first; i < findings.size(); ++i) {
    const std::string line = fmt::format(":{}", line_breaks(layer.text().substr(0, findings[i].begin)) + 1);
    findings[i].inner.insert(inner.size(), line);
  }
  return {};
}

Result<> TextSearch::open_encoded(const Text& text, std::span<const LiteralHit> hits, const std::string& inner,
                                  int depth, std::vector<Finding>& findings) {
  // Up to where each alignment has been decoded: hostile text is not decoded once for each of its letters.
  std::array<std::size_t, 6> opened_up_to{};
  Taken taken;
  for (const LiteralHit& hit : hits) {
    const Form form = detector_.prefilter.form(hit.literal);
    if (form == Form::plain) continue;
    const bool is_base64 = form == Form::base64;
    const unsigned phase = is_base64 ? detector_.prefilter.phase(hit.literal) : 0;
    std::size_t& done = opened_up_to[is_base64 ? (hit.begin + 4 - phase) % 4 : 4 + hit.begin % 2];
    if (hit.begin < done) continue;
    const auto layer = is_base64 ? open_base64(text.bytes, hit.begin, phase) : open_utf16(text.bytes, hit.begin);
    if (!layer) continue;
    // What stands near the end of a layer that goes on is looked at again from where it stands.
    done = layer->cut_behind ? layer->outer_end - kLayerReach / 2 : layer->outer_end;
    const std::size_t first = findings.size();
    TRY_VOID(search_layer(*layer, text.path, inner + (is_base64 ? "!base64" : "!utf-16"), depth, findings));
    // The true alignment has been found: in wrapped base64 it looks like another on the next line.
    if (findings.size() > first) opened_up_to.fill(done);
    std::size_t kept = first;
    for (std::size_t i = first; i < findings.size(); ++i) {
      Finding& finding = findings[i];
      const auto outer_of = [&](std::size_t place) {
        return is_base64 ? outer_of_base64(text.bytes, *layer, place) : layer->outer_begin + 2 * place;
      };
      finding.begin = outer_of(finding.begin);
      finding.end = std::max(finding.begin + 1, outer_of(finding.end));
      if (taken.take(finding.begin, finding.end)) std::swap(findings[kept++], finding);
    }
    findings.resize(kept);
  }
  return {};
}

Result<> TextSearch::open_json(const Text& text, std::span<const LiteralHit> hits, const std::string& inner, int depth,
                               std::size_t first_finding, std::vector<Finding>& findings) {
  // Nearly every literal in JSON is part of a package's name or a script. A look at all of the document pays where
  // something was found, or where an escape may hide something.
  const bool may_hide = std::any_of(hits.begin(), hits.end(), [&text](const LiteralHit& hit) {
    const std::size_t from = hit.begin > kLineReach ? hit.begin - kLineReach : 0;
    return text.bytes.substr(from, hit.end + kLineReach - from).find('\\') != std::string_view::npos;
  });
  if (findings.size() == first_finding && !may_hide) return {};
  std::vector<std::size_t> offsets;
  for (const LiteralHit& hit : hits) offsets.push_back(hit.begin);
  for (std::size_t i = first_finding; i < findings.size(); ++i) offsets.push_back(findings[i].begin);
  std::sort(offsets.begin(), offsets.end());
  const auto strings = json_strings_at(text.bytes, offsets);
  if (!strings) return {};

  for (const JsonString& string : *strings) {
    if (string.is_key) continue;
    const auto is_inside = [&string](const Finding& finding) { return overlaps(finding, string.begin, string.end); };
    const std::string place = inner + "!json:" + string.pointer;
    if (string.has_escapes) {
      // What the rules made of the escaped text gives way to what they find in the text that was meant.
      std::vector<Finding> decoded;
      TRY_VOID(search_layer(open_json_string(text.bytes, string), text.path, place, depth, decoded));
      if (!decoded.empty()) {
        for (Finding& finding : decoded) finding.begin = string.begin, finding.end = string.end;
        findings.erase(
            std::remove_if(findings.begin() + static_cast<std::ptrdiff_t>(first_finding), findings.end(), is_inside),
            findings.end());
        std::move(decoded.begin(), decoded.end(), std::back_inserter(findings));
        continue;
      }
    }
    for (std::size_t i = first_finding; i < findings.size(); ++i) {
      if (is_inside(findings[i])) findings[i].inner.insert(inner.size(), "!json:" + string.pointer);
    }
  }
  return {};
}

}  // namespace tokensweep
