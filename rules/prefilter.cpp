#include "rules/prefilter.hpp"

#include <fmt/format.h>
#include <hs/hs.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <new>
#include <string>
#include <tuple>

namespace tokensweep {
namespace {

// Shorter base64 forms would be met by chance in every archive and image.
constexpr std::size_t kShortestEncoded = 4;
constexpr std::size_t kMostForTeddy = 48;

struct Encoded {
  std::string characters;
  unsigned phase = 0;
};

/// The characters that `bytes` always has inside base64, when `before` bytes (0 to 2) of its group of three stand in
/// front of it.
Encoded encoded_at(std::string_view bytes, unsigned before) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  // Of the characters that share bits with the unknown bytes before and after, none is certain.
  const std::size_t first = (before * 8 + 5) / 6;
  const std::size_t last = (before + bytes.size()) * 8 / 6;
  Encoded encoded{.characters = {}, .phase = static_cast<unsigned>(first % 4)};
  for (std::size_t at = first; at < last; ++at) {
    unsigned value = 0;
    for (std::size_t bit = at * 6; bit < at * 6 + 6; ++bit) {
      const auto byte = static_cast<unsigned char>(bytes[bit / 8 - before]);
      value = value << 1U | (byte >> (7 - bit % 8) & 1U);
    }
    encoded.characters += kAlphabet[value];
  }
  return encoded;
}

std::string in_utf16(std::string_view bytes) {
  // Without the outer NUL the string is the same in both byte orders.
  std::string wide;
  for (const char byte : bytes) wide.append(wide.empty() ? "" : std::string_view("\0", 1)).push_back(byte);
  return wide;
}

}  // namespace

struct Prefilter::Impl {
  struct Entry {
    std::string bytes;
    bool caseless = false;
    Form form = Form::plain;
    unsigned phase = 0;
    std::vector<std::uint32_t> rules;
    std::vector<std::uint32_t> longer;  // plain literals that begin with this one: compared where it is found
  };

  ~Impl() { hs_free_database(database); }

  void add(std::string bytes, bool caseless, Form form, unsigned phase, std::uint32_t rule) {
    const auto [place, is_new] = known.try_emplace({bytes, caseless, form, phase}, entries.size());
    if (is_new) entries.push_back({std::move(bytes), caseless, form, phase, {}});
    auto& rules = entries[place->second].rules;
    if (form == Form::plain && (rules.empty() || rules.back() != rule)) rules.push_back(rule);
  }

  void add_encoded(std::string_view bytes, std::uint32_t rule, std::uint32_t layers) {
    for (unsigned before = 0; before < 3; ++before) {
      const Encoded encoded = encoded_at(bytes, before);
      if (layers == 0 || encoded.characters.size() < kShortestEncoded) continue;
      add(encoded.characters, false, Form::base64, encoded.phase, rule);
      add_encoded(encoded.characters, rule, layers - 1);
    }
  }

  /// Takes those out that need not be looked for, because another literal is found wherever they stand: a longer plain
  /// one is compared there, a longer encoded one would lead to the same layer.
  std::vector<std::uint32_t> separate_longer() {
    std::vector<std::uint32_t> wanted;
    for (std::uint32_t index = 0; index < entries.size(); ++index) {
      const auto shorter = std::find_if(entries.begin(), entries.end(), [&mine = entries[index]](const Entry& other) {
        return other.form == mine.form && other.phase == mine.phase && other.caseless == mine.caseless &&
               mine.bytes.size() > other.bytes.size() && mine.bytes.starts_with(other.bytes);
      });
      if (shorter == entries.end() || (shorter->form == Form::plain && shorter->caseless)) {
        wanted.push_back(index);
      } else if (shorter->form == Form::plain) {
        shorter->longer.push_back(index);
      }
    }
    return wanted;
  }

  std::vector<Entry> entries;
  std::map<std::tuple<std::string, bool, Form, unsigned>, std::size_t> known;
  std::vector<std::uint32_t> unfiltered;
  std::size_t longest = 1;
  hs_database_t* database = nullptr;
};

struct Prefilter::Scratch::Impl {
  ~Impl() { hs_free_scratch(scratch); }
  hs_scratch_t* scratch = nullptr;
};

Prefilter::Prefilter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Prefilter::Prefilter(Prefilter&&) noexcept = default;
Prefilter& Prefilter::operator=(Prefilter&&) noexcept = default;
Prefilter::~Prefilter() = default;

Prefilter::Scratch::Scratch(const Prefilter& prefilter) : impl_(std::make_unique<Impl>()) {
  if (prefilter.impl_->database == nullptr) return;
  if (hs_alloc_scratch(prefilter.impl_->database, &impl_->scratch) != HS_SUCCESS) throw std::bad_alloc();
}
Prefilter::Scratch::Scratch(Scratch&&) noexcept = default;
Prefilter::Scratch& Prefilter::Scratch::operator=(Scratch&&) noexcept = default;
Prefilter::Scratch::~Scratch() = default;

Result<Prefilter> Prefilter::compile(std::span<const Rule> rules) {
  auto impl = std::make_unique<Impl>();
  for (std::uint32_t index = 0; index < rules.size(); ++index) {
    const Rule& rule = rules[index];
    if (rule.of_names) continue;  // no text is searched for it
    for (const std::string& literal : rule.literals) {
      impl->add(literal, false, Form::plain, 0, index);
    }
    for (const std::string& literal : rule.encoded) {
      impl->add(in_utf16(literal), false, Form::utf16, 0, index);
      impl->add_encoded(literal, index, rule.base64_layers);
    }
    if (!rule.literals.empty()) continue;
    for (const std::string& keyword : rule.keywords) impl->add(keyword, true, Form::plain, 0, index);
    if (rule.keywords.empty()) impl->unfiltered.push_back(index);
  }
  return build(std::move(impl));
}

Result<Prefilter> Prefilter::compile_in_base64(std::span<const Rule> rules) {
  auto impl = std::make_unique<Impl>();
  for (std::uint32_t index = 0; index < rules.size(); ++index) {
    const Rule& rule = rules[index];
    if (rule.of_names) continue;
    // Nobody can spell a keyword of any case in base64.
    if (rule.literals.empty()) impl->unfiltered.push_back(index);
    // No literal is shorter than kShortestLiteral: at any alignment it has four characters that are certain.
    for (const std::string& literal : rule.literals) impl->add_encoded(literal, index, 1);
    for (const std::string& literal : rule.encoded) {
      impl->add_encoded(literal, index, 1 + rule.base64_layers);
      impl->add_encoded(in_utf16(literal), index, 1);
    }
  }
  return build(std::move(impl));
}

Result<Prefilter> Prefilter::build(std::unique_ptr<Impl> impl) {
  impl->known.clear();
  for (const Impl::Entry& entry : impl->entries) impl->longest = std::max(impl->longest, entry.bytes.size());
  if (impl->entries.empty()) return Prefilter(std::move(impl));

  std::vector<const char*> bytes;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  std::vector<std::size_t> lengths;
  for (const std::uint32_t index : impl->separate_longer()) {
    const Impl::Entry& entry = impl->entries[index];
    bytes.push_back(entry.bytes.data());
    flags.push_back(entry.caseless ? HS_FLAG_CASELESS : 0U);
    ids.push_back(index);
    lengths.push_back(entry.bytes.size());
  }
  // Up to 48 literals, Vectorscan's engine for plain SSE (Teddy, eight buckets) is faster than what it makes of AVX2
  // and AVX-512: 7.7 against 6.4 GB/s for the default rules. It says which engine it takes by the features that it is
  // told of.
  const hs_platform_info_t plain{};
  const hs_platform_info_t* platform = ids.size() <= kMostForTeddy ? &plain : nullptr;
  hs_compile_error_t* failure = nullptr;
  if (hs_compile_lit_multi(bytes.data(), flags.data(), ids.data(), lengths.data(), static_cast<unsigned>(bytes.size()),
                           HS_MODE_BLOCK, platform, &impl->database, &failure) != HS_SUCCESS) {
    Error error{ErrorKind::internal, fmt::format("rules: the prefilter cannot be compiled: {}", failure->message)};
    hs_free_compile_error(failure);
    return error;
  }
  return Prefilter(std::move(impl));
}

void Prefilter::find(std::string_view text, Scratch& scratch, std::vector<LiteralHit>& hits) const {
  hits.clear();
  if (impl_->database == nullptr || text.empty()) return;
  struct Context {
    const Impl& impl;
    std::string_view text;
    std::vector<LiteralHit>& hits;
  } context{*impl_, text, hits};
  const auto on_match = [](unsigned id, unsigned long long, unsigned long long to, unsigned, void* opaque) {
    auto& [impl, searched, found] = *static_cast<Context*>(opaque);
    const Impl::Entry& entry = impl.entries[id];
    const auto end = static_cast<std::size_t>(to);
    const std::size_t begin = end - entry.bytes.size();
    found.push_back({.begin = begin, .end = end, .literal = id});
    for (const std::uint32_t longer : entry.longer) {
      const std::string& bytes = impl.entries[longer].bytes;
      if (!searched.substr(begin).starts_with(bytes)) continue;
      found.push_back({.begin = begin, .end = begin + bytes.size(), .literal = longer});
    }
    return 0;
  };
  [[maybe_unused]] const hs_error_t done = hs_scan(impl_->database, text.data(), static_cast<unsigned>(text.size()), 0,
                                                   scratch.impl_->scratch, on_match, &context);
  assert(done == HS_SUCCESS);  // nothing but a bug (a foreign scratch, a null pointer) makes a block scan fail
}

Form Prefilter::form(std::uint32_t literal) const { return impl_->entries[literal].form; }
unsigned Prefilter::phase(std::uint32_t literal) const { return impl_->entries[literal].phase; }
std::span<const std::uint32_t> Prefilter::rules(std::uint32_t literal) const { return impl_->entries[literal].rules; }
std::size_t Prefilter::longest() const { return impl_->longest; }
std::span<const std::uint32_t> Prefilter::unfiltered() const { return impl_->unfiltered; }

}  // namespace tokensweep
