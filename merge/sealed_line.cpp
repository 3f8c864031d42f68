#include "merge/sealed_line.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>

#include "base/text.hpp"
#include "base/time.hpp"
#include "identity/encoding.hpp"
#include "report/json_text.hpp"

namespace tokensweep {
namespace {

// The longest texts, in bytes before they are escaped. Of a byte an escape in JSON makes five at the most: together
// with two places, all texts of a line fit into kLongestSealedLine.
constexpr std::size_t kWord = 64;
constexpr std::size_t kText = 512;
constexpr std::size_t kSentence = 1'024;
constexpr std::size_t kPlace = kLongestSealedPlace;
constexpr std::size_t kMostEvidence = 8;
constexpr std::size_t kEvidenceText = 256;
constexpr std::size_t kMostRules = 1'024;
constexpr std::size_t kRoomForTexts = std::size_t{24} << 10U;
constexpr std::size_t kIdDigits = 16;
constexpr std::uint64_t kLargestRank = 100'000'000;

constexpr std::string_view kEllipsis = "…";

/// `open` is no state to hand over.
std::optional<ScopeState> parse_ended_state(std::string_view text) {
  const auto state = parse_scope_state(text);
  return state == ScopeState::open ? std::nullopt : state;
}

/// `text` in at most `longest` bytes, without its middle.
std::string shortened(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return std::string(text);
  const std::size_t room = longest - kEllipsis.size();
  const std::size_t tail = room / 2;
  return std::string(text.substr(0, room - tail)).append(kEllipsis).append(text.substr(text.size() - tail));
}

/// The nearest directory above a place that leaves `room` bytes.
std::string_view above(std::string_view place, std::size_t room) {
  const std::string_view head = place.substr(0, kPlace - room);
  return head.substr(0, std::min(head.rfind('/'), head.size()));
}

bool is_id(std::string_view text, std::string_view prefix) {
  return text.size() == prefix.size() + kIdDigits && text.starts_with(prefix) &&
         text.find_first_not_of("0123456789abcdef", prefix.size()) == std::string_view::npos;
}

/// Writes the members of a line in the order in which it is told of them.
class Writing {
 public:
  explicit Writing(std::string_view first_key, std::string_view what) {
    key(first_key).append("\"").append(what) += '"';
  }

  void text(std::string_view name, std::string& value, std::size_t longest) {
    value = shortened(value, longest);
    append_json_string(key(name), value);
  }
  void optional_text(std::string_view name, std::optional<std::string>& value, std::size_t longest) {
    value ? text(name, *value, longest) : null(name);
  }
  void id(std::string_view name, std::string& value, std::string_view /*prefix*/) { text(name, value, kWord); }
  void constant(std::string_view name, int value) { key(name).append(std::to_string(value)); }
  template <class Number>
  void number(std::string_view name, Number& value, std::uint64_t /*largest*/) {
    key(name).append(std::to_string(value));
  }
  void optional_number(std::string_view name, std::optional<int>& value, std::uint64_t largest) {
    value ? number(name, *value, largest) : null(name);
  }
  void flag(std::string_view name, bool& value) { key(name).append(value ? "true" : "false"); }
  void time(std::string_view name, Time& value) {
    append_time(key(name).append("\""), value);
    line_ += '"';
  }
  void optional_time(std::string_view name, std::optional<Time>& value) { value ? time(name, *value) : null(name); }
  template <class Enum, class Name, class Parse>
  void word(std::string_view name, Enum& value, Name name_of, Parse /*parse*/) {
    key(name).append("\"").append(name_of(value)) += '"';
  }
  template <std::size_t N>
  void bytes(std::string_view name, std::array<std::uint8_t, N>& value) {
    key(name).append("\"").append(to_base64url(value)) += '"';
  }
  template <std::size_t N>
  void optional_bytes(std::string_view name, std::optional<std::array<std::uint8_t, N>>& value) {
    value ? bytes(name, *value) : null(name);
  }
  void flags(std::string_view name, ScopeFlags& value) {
    std::vector<std::string> words;
    for (const std::string_view word : names(value)) words.emplace_back(word);
    texts(name, words, words.size(), kWord);
  }
  /// As many as fit into kRoomForTexts.
  void texts(std::string_view name, std::vector<std::string>& items, std::size_t most, std::size_t longest) {
    const std::size_t begin = key(name).append("[").size();
    for (std::size_t i = 0; i < std::min(items.size(), most); ++i) {
      const std::size_t before = line_.size();
      if (i != 0) line_ += ',';
      append_json_string(line_, shortened(items[i], longest));
      if (line_.size() - begin <= kRoomForTexts) continue;
      line_.resize(before);
      break;
    }
    line_ += ']';
  }
  /// `each` gets every object in its turn.
  template <class Item, class Each>
  void objects(std::string_view name, std::vector<Item>& items, std::size_t most, Each each) {
    key(name) += '[';
    for (std::size_t i = 0; i < std::min(items.size(), most); ++i) {
      line_ += i == 0 ? "{" : ",{";
      first_ = true;
      each(*this, items[i]);
      line_ += '}';
    }
    first_ = false;
    line_ += ']';
  }

  std::string end() && { return std::move(line_) + "}\n"; }

 private:
  std::string& key(std::string_view name) {
    if (!first_) line_ += ',';
    first_ = false;
    return line_.append("\"").append(name).append("\":");
  }
  void null(std::string_view name) { key(name).append("null"); }

  std::string line_ = "{";
  bool first_ = true;
};

/// Reads the same members in the same order. The first failure is kept, and nothing is read after it.
class Reading {
 public:
  Reading(std::string_view line, std::string_view first_key, std::string_view what) : rest_(line) {
    take("{");
    key(first_key);
    if (!take_word(what)) fail("is another one");
  }

  void text(std::string_view name, std::string& value, std::size_t longest) {
    key(name);
    take_text(value, longest);
  }
  void optional_text(std::string_view name, std::optional<std::string>& value, std::size_t longest) {
    key(name);
    if (!take_null()) take_text(value.emplace(), longest);
  }
  void id(std::string_view name, std::string& value, std::string_view prefix) {
    text(name, value, kWord);
    if (!is_id(value, prefix)) fail("is no such id");
  }
  void constant(std::string_view name, int value) {
    key(name);
    if (!take(std::to_string(value)))
      fail("is not the one that this tokensweep reads: bring the older of the two up to date");
  }
  template <class Number>
  void number(std::string_view name, Number& value, std::uint64_t largest) {
    key(name);
    take_number(value, largest);
  }
  void optional_number(std::string_view name, std::optional<int>& value, std::uint64_t largest) {
    key(name);
    if (!take_null()) take_number(value.emplace(), largest);
  }
  void flag(std::string_view name, bool& value) {
    key(name);
    value = take("true");
    if (!value && !take("false")) fail("is neither true nor false");
  }
  void time(std::string_view name, Time& value) {
    key(name);
    take_time(value);
  }
  void optional_time(std::string_view name, std::optional<Time>& value) {
    key(name);
    if (!take_null()) take_time(value.emplace());
  }
  template <class Enum, class Name, class Parse>
  void word(std::string_view name, Enum& value, Name /*name_of*/, Parse parse) {
    key(name);
    std::string text;
    take_text(text, kWord);
    const auto parsed = parse(text);
    parsed ? value = *parsed, void() : fail("is no word that is known");
  }
  template <std::size_t N>
  void bytes(std::string_view name, std::array<std::uint8_t, N>& value) {
    key(name);
    take_bytes(value);
  }
  template <std::size_t N>
  void optional_bytes(std::string_view name, std::optional<std::array<std::uint8_t, N>>& value) {
    key(name);
    if (!take_null()) take_bytes(value.emplace());
  }
  void flags(std::string_view name, ScopeFlags& value) {
    std::vector<std::string> words;
    texts(name, words, static_cast<std::size_t>(ScopeFlag::count_), kWord);
    for (const std::string& word : words) {
      const auto flag = parse_scope_flag(word);
      if (!flag) return fail("has a word that is not known");
      value.add(*flag);
    }
  }
  void texts(std::string_view name, std::vector<std::string>& items, std::size_t most, std::size_t longest) {
    each_item(name, items, most, [&](std::string& item) { take_text(item, longest); });
  }
  template <class Item, class Each>
  void objects(std::string_view name, std::vector<Item>& items, std::size_t most, Each each) {
    each_item(name, items, most, [&](Item& item) {
      if (!take("{")) return fail("is no list of objects");
      first_ = true;
      each(*this, item);
      if (!take("}")) fail("is not followed by the end of its object");
    });
    first_ = false;
  }

  Result<> end() && {
    if (!failed() && rest_ != "}") fail("is not followed by the end of the line");
    if (!failed()) return {};
    return Error{ErrorKind::malformed, key_.empty() ? why_ : fmt::format("{} {}", key_, why_)};
  }

 private:
  [[nodiscard]] bool failed() const { return !why_.empty(); }
  void fail(std::string why) {
    if (!failed()) why_ = std::move(why);
    rest_ = {};
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  void key(std::string_view name) {
    if (failed()) return;
    key_ = name;
    const bool separated = first_ || take(",");
    first_ = false;
    if (!separated || !take("\"") || !take(name) || !take("\":")) fail("is missing, or not in its place");
  }
  bool take_null() { return take("null"); }
  bool take_word(std::string_view word) { return take("\"") && take(word) && take("\""); }

  template <class Item, class Each>
  void each_item(std::string_view name, std::vector<Item>& items, std::size_t most, Each each) {
    key(name);
    if (!take("[")) return fail("is no list");
    while (!failed() && !take("]")) {
      if (!items.empty() && !take(",")) return fail("is no list");
      if (items.size() == most) return fail("is too long");
      each(items.emplace_back());
    }
  }

  /// A JSON string of which only `\"` and `\\` are escaped, and inside it printable text.
  void take_text(std::string& value, std::size_t longest) {
    if (!take("\"")) return fail("is no text");
    std::string shown;
    while (!rest_.empty() && rest_.front() != '"') {
      const bool escaped = take("\\");
      if (escaped && !rest_.starts_with('"') && !rest_.starts_with('\\')) return fail("has an escape of another kind");
      const std::size_t size = escaped ? 1 : std::min(rest_.find_first_of("\"\\"), rest_.size());
      shown.append(rest_.substr(0, size));
      rest_.remove_prefix(size);
    }
    if (!take("\"")) return fail("does not end");
    auto text = from_printable(shown);
    if (!text) return fail("has characters that have to be escaped");
    if (text->size() > longest) return fail("is too long");
    value = std::move(*text);
  }
  template <class Number>
  void take_number(Number& value, std::uint64_t largest) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{} || static_cast<std::uint64_t>(value) > largest) return fail("is no number, or too large");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
  }
  void take_time(Time& value) {
    std::string text;
    take_text(text, kWord);
    const auto parsed = parse_time(text);
    parsed ? value = *parsed, void() : fail("is no time");
  }
  template <std::size_t N>
  void take_bytes(std::array<std::uint8_t, N>& value) {
    std::string text;
    take_text(text, kText);
    if (!from_base64url(text, value)) fail("is no base64 of that many bytes");
  }

  std::string_view rest_;
  std::string_view key_;
  std::string why_;
  bool first_ = true;
};

constexpr auto kNameOf = [](auto value) { return to_string(value); };

// What each line holds, told once for writing and reading.

template <class Line>
void members(Line& line, SealedHead& head) {
  line.constant("version", 1);
  line.constant("schema_version", 1);
  line.id("collector", head.collector, "");
  line.bytes("sender", head.sender);
  line.text("tool", head.tool, kWord);
  line.time("generated_at", head.generated_at);
}

template <class Line>
void members(Line& line, SealedScope& scope) {
  line.text("source", scope.scope.source, kWord);
  line.text("name", scope.scope.name, kText);
  line.text("store", scope.scope.store, kSentence);
  line.text("realm", scope.scope.realm, kText);
  line.text("prefix", scope.scope.prefix, kPlace);
  line.word("state", scope.state, kNameOf, parse_ended_state);
  line.text("reason", scope.reason, kSentence);
  line.flag("deep", scope.deep);
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53U;
  line.number("files_seen", scope.files_seen, kMost);
  line.number("files_read", scope.files_read, kMost);
  line.number("bytes_read", scope.bytes_read, kMost);
  line.time("ended_at", scope.ended_at);
  line.texts("rules", scope.rules, kMostRules, kText);
}

template <class Line>
void members(Line& line, SealedGap& gap) {
  line.number("in", gap.scope, kMostSealedScopes);
  line.text("place", gap.gap.place, kPlace);
  line.text("reason", gap.gap.reason, kSentence);
  line.flag("incomplete", gap.gap.incomplete);
}

template <class Line>
void members(Line& line, SealedHit& sealed) {
  Hit& hit = sealed.hit;
  line.number("in", sealed.scope, kMostSealedScopes);
  line.id("id", hit.id, "h");
  line.word("state", sealed.state, kNameOf, parse_state);
  line.word("class", hit.klass, kNameOf, parse_class);
  line.word("confidence", hit.confidence, kNameOf, parse_confidence);
  line.text("reason", hit.reason, kSentence);
  line.text("rule", hit.rule, kText);
  line.text("kind", hit.kind, kWord);
  line.text("place", hit.place, kPlace);
  line.text("locator", hit.locator, kSentence);
  line.text("name", hit.name, kText);
  line.optional_text("registry", hit.registry, kText);
  line.optional_bytes("sealed", hit.sealed);
  line.optional_text("preview", hit.preview, kWord);
  line.word("checksum", hit.checksum, kNameOf, parse_checksum);
  line.optional_time("created_at", hit.created_at);
  line.optional_time("updated_at", hit.updated_at);
  line.word("age_basis", hit.age_basis, kNameOf, parse_age_basis);
  line.time("first_seen", sealed.first_seen);
  line.time("last_seen", sealed.last_seen);
  line.flags("scope", hit.scope);
  line.objects("evidence", hit.evidence, kMostEvidence, [](Line& item, Evidence& evidence) {
    item.word("kind", evidence.kind, kNameOf, parse_evidence_kind);
    item.text("value", evidence.value, kEvidenceText);
    item.text("from", evidence.from, kEvidenceText);
  });
  line.optional_number("rank", hit.rank, kLargestRank);
  line.flag("deep", hit.deep);
}

template <class Line>
void members(Line& line, SealedEnd& end) {
  line.number("scopes", end.scopes, kMostSealedScopes);
  line.number("gaps", end.gaps, kMostSealedGaps);
  line.number("hits", end.hits, kMostSealedHits);
  line.bytes("signature", end.signature);
}

/// How a line begins: a key and its value.
struct Beginning {
  std::string_view key;
  std::string_view value;
};
constexpr Beginning kBeginnings[] = {
    {"format", "tokensweep-sealed"}, {"line", "scope"}, {"line", "gap"}, {"line", "hit"}, {"line", "end"}};
constexpr Beginning beginning(const SealedHead& /*line*/) { return kBeginnings[0]; }
constexpr Beginning beginning(const SealedScope& /*line*/) { return kBeginnings[1]; }
constexpr Beginning beginning(const SealedGap& /*line*/) { return kBeginnings[2]; }
constexpr Beginning beginning(const SealedHit& /*line*/) { return kBeginnings[3]; }
constexpr Beginning beginning(const SealedEnd& /*line*/) { return kBeginnings[4]; }

template <class Struct>
std::string write(Struct& members_of) {
  Writing line(beginning(members_of).key, beginning(members_of).value);
  members(line, members_of);
  return std::move(line).end();
}

template <class Struct>
Result<> parse(std::string_view text, Struct& into) {
  Struct read;
  Reading line(text, beginning(read).key, beginning(read).value);
  members(line, read);
  TRY_VOID(std::move(line).end());
  // Whatever else there is to say one thing in two ways (a time's offset, flags in another order): one is enough.
  Struct again = read;
  const std::string spelled = write(again);
  if (std::string_view(spelled).substr(0, spelled.size() - 1) != text) {
    return Error{ErrorKind::malformed, "is not spelled as tokensweep spells it"};
  }
  into = std::move(read);
  return {};
}

}  // namespace

std::string to_line(SealedHead head) { return write(head); }
std::string to_line(SealedScope scope) { return write(scope); }
std::string to_line(SealedGap gap) {
  // A directory above hides more: what is there becomes unknown, never gone.
  if (gap.gap.place.size() > kPlace) gap.gap.place = above(gap.gap.place, 0);
  return write(gap);
}
std::string to_line(SealedHit hit) {
  std::string& place = hit.hit.place;
  const std::size_t added = kEllipsis.size() + 1 + hit.hit.id.size();
  if (place.size() > kPlace) place = std::string(above(place, added)).append("/").append(kEllipsis).append(hit.hit.id);
  return write(hit);
}
std::string to_line(SealedEnd end) { return write(end); }

Result<> parse_line(std::string_view line, SealedHead& head) { return parse(line, head); }
Result<> parse_line(std::string_view line, SealedScope& scope) { return parse(line, scope); }
Result<> parse_line(std::string_view line, SealedGap& gap) { return parse(line, gap); }
Result<> parse_line(std::string_view line, SealedHit& hit) { return parse(line, hit); }
Result<> parse_line(std::string_view line, SealedEnd& end) { return parse(line, end); }

SealedKind kind_of(std::string_view line) {
  for (std::size_t kind = 0; kind < std::size(kBeginnings); ++kind) {
    if (line.starts_with(fmt::format(R"({{"{}":"{}")", kBeginnings[kind].key, kBeginnings[kind].value))) {
      return static_cast<SealedKind>(kind);
    }
  }
  return SealedKind::hit;
}

}  // namespace tokensweep
