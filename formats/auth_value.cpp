#include "formats/auth_value.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "formats/ini.hpp"

namespace tokensweep {
namespace {

/// References within defaults within references: deeper ones are left as text.
constexpr int kNestedReferencesMax = 8;
/// How many `${` of one value are looked at: each may cost a look at all of the rest, and no real value has more.
constexpr int kReferencesMax = 64;
/// A lone user name of a URL at least this long is a token: the shortest known one is longer, few names are.
constexpr std::size_t kTokenLengthMin = 20;

bool is_name_start(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

bool is_name(std::string_view text) {
  return !text.empty() && is_name_start(text.front()) && std::all_of(text.begin(), text.end(), is_name_part);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// `${…}` in a text.
struct Braces {
  std::size_t begin = 0;  // of the `$`
  std::size_t end = 0;    // behind the `}`
  std::string_view name;
  std::optional<std::string_view> fallback;
};

/// Where the brace that opened before `at` closes; inner braces count.
std::size_t closing_brace(std::string_view text, std::size_t at, Expansion expansion) {
  int depth = 1;
  for (; at < text.size(); ++at) {
    if (expansion == Expansion::yarn && text[at] == '\\') {
      ++at;
    } else if (text[at] == '{' && text[at - 1] == '$') {
      ++depth;
    } else if (text[at] == '}' && --depth == 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

/// The inside of the braces, where it is one that the package manager expands.
std::optional<Braces> read_inside(std::string_view inside, Expansion expansion) {
  std::size_t name_end = 0;
  while (name_end < inside.size() && is_name_part(inside[name_end])) ++name_end;
  const std::string_view name = inside.substr(0, name_end);
  const std::string_view rest = inside.substr(name_end);
  if (!name.empty()) {
    if (rest.empty()) return Braces{.name = name, .fallback = {}};
    if (expansion != Expansion::bun) {
      if (rest.starts_with(":-")) return Braces{.name = name, .fallback = rest.substr(2)};
      if (rest.starts_with("-")) return Braces{.name = name, .fallback = rest.substr(1)};
    }
  }
  if (expansion != Expansion::npm) return std::nullopt;
  // npm takes everything up to the brace for a name, and a question mark before it for "or nothing".
  const std::string_view all = inside.ends_with('?') ? inside.substr(0, inside.size() - 1) : inside;
  if (all.empty() || all.find_first_of("${?") != std::string_view::npos) return std::nullopt;
  return Braces{.name = all, .fallback = {}};
}

std::size_t backslashes_before(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (count < at && text[at - 1 - count] == '\\') ++count;
  return count;
}

/// The first reference at or behind `from` that is not escaped. Each look is taken off `budget`.
std::optional<Braces> find_braces(std::string_view text, std::size_t from, Expansion expansion, int& budget) {
  for (std::size_t at = text.find("${", from); at != std::string_view::npos; at = text.find("${", at + 2)) {
    if (budget-- <= 0) return std::nullopt;
    if (expansion != Expansion::bun && backslashes_before(text, at) % 2 == 1) continue;
    const std::size_t close = closing_brace(text, at + 2, expansion);
    if (close == std::string_view::npos) continue;
    if (auto found = read_inside(text.substr(at + 2, close - at - 2), expansion)) {
      found->begin = at;
      found->end = close + 1;
      return found;
    }
  }
  return std::nullopt;
}

/// `${NAME}` or `${NAME?}`, as npm's expression has it, at the front of a text.
bool starts_with_npm_reference(std::string_view text) {
  if (!text.starts_with("${")) return false;
  std::size_t end = text.find_first_of("${}?", 2);
  if (end == std::string_view::npos || end == 2) return false;
  if (text[end] == '?') ++end;
  return end < text.size() && text[end] == '}';
}

/// Bytes that stand for themselves, with the escapes of the syntax undone. It only ever shrinks.
void append_literal(std::string_view text, Expansion expansion, WipedBuffer& out, std::size_t& size) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const std::string_view rest = text.substr(i + 1);
      const bool yarn =
          expansion == Expansion::yarn && std::string_view("$}\\").find(rest[0]) != std::string_view::npos;
      // npm halves the backslashes before a `${…}` and leaves all others alone.
      const std::size_t run = std::min(rest.find_first_not_of('\\'), rest.size());
      const bool npm = expansion == Expansion::npm && starts_with_npm_reference(rest.substr(run));
      if (yarn) ++i;
      if (npm) {
        const std::size_t slashes = run + 1;
        for (std::size_t n = 0; n < slashes / 2; ++n) out.data()[size++] = '\\';
        i += slashes - 1;
        continue;
      }
    }
    out.data()[size++] = text[i];
  }
}

StoredText expand(std::string_view text, Expansion expansion, int depth, int& budget) {
  StoredText result;
  WipedBuffer out(text.size());
  std::size_t size = 0;
  bool complete = true;
  std::size_t at = 0;
  while (const auto found = find_braces(text, at, expansion, budget)) {
    append_literal(text.substr(at, found->begin - at), expansion, out, size);
    if (!result.reference) result.reference = std::string(found->name);
    if (!found->fallback) {
      complete = false;
    } else {
      const StoredText inner = depth < kNestedReferencesMax ? expand(*found->fallback, expansion, depth + 1, budget)
                                                            : StoredText{Secret(*found->fallback), {}};
      // `${A:-}` is how one writes "or nothing": no value is stored in it.
      if (inner.text.empty()) complete = false;
      const std::string_view bytes = inner.text.reveal();
      std::copy(bytes.begin(), bytes.end(), out.data() + size);
      size += bytes.size();
    }
    at = found->end;
  }
  append_literal(text.substr(at), expansion, out, size);
  if (complete) result.text = Secret({out.data(), size});
  return result;
}

/// `\${NAME}` alone: npm sends the text itself, but nobody's secret reads like that, and whoever wrote it meant the
/// variable.
std::optional<std::string> escaped_reference(std::string_view text) {
  const std::size_t start = text.find_first_not_of('\\');
  if (start == 0 || start == std::string_view::npos) return std::nullopt;
  text.remove_prefix(start);
  if (!text.starts_with("${") || !text.ends_with('}')) return std::nullopt;
  const std::string_view name = text.substr(2, text.size() - 3);
  if (!is_name(name)) return std::nullopt;
  return std::string(name);
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

/// Both alphabets, with or without padding, as node takes it; nothing for what is no base64 from end to end.
std::optional<Secret> decode_base64(std::string_view text) {
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) text.remove_suffix(1), ++padding;
  if (text.empty() || text.size() % 4 == 1 || (padding > 0 && (text.size() + padding) % 4 != 0)) return std::nullopt;
  WipedBuffer out(text.size() / 4 * 3 + 3);
  std::size_t size = 0;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.data()[size++] = static_cast<char>(static_cast<unsigned char>((bits >> held) & 0xFF));
    }
  }
  // An encoder leaves the spare bits zero: a password that merely looks like base64 mostly has some.
  if ((bits & ((1U << held) - 1U)) != 0) return std::nullopt;
  return Secret({out.data(), size});
}

/// How many bytes of UTF-8 stand at the front; 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t length = byte(0) < 0x80   ? 1
                             : byte(0) < 0xC2 ? 0
                             : byte(0) < 0xE0 ? 2
                             : byte(0) < 0xF0 ? 3
                             : byte(0) < 0xF5 ? 4
                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

/// Something a person or a registry chose as a password: UTF-8, no control characters.
bool is_text(std::string_view text) {
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = utf8_length(text);
    if (length == 0 || first < 0x20 || first == 0x7F) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Secret percent_decode(std::string_view text) {
  WipedBuffer out(text.size());
  std::size_t size = 0;
  constexpr std::string_view kHex = "0123456789abcdef0123456789ABCDEF";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const std::size_t high = kHex.find(text[i + 1]);
      const std::size_t low = kHex.find(text[i + 2]);
      if (high != std::string_view::npos && low != std::string_view::npos) {
        out.data()[size++] = static_cast<char>(static_cast<unsigned char>(high % 16 * 16 + low % 16));
        i += 2;
        continue;
      }
    }
    out.data()[size++] = text[i];
  }
  return Secret({out.data(), size});
}

/// The first of `wanted` outside of `${…}`: a default may hold colons, slashes and at signs of its own.
std::size_t find_outside_braces(std::string_view text, std::string_view wanted) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) {
      ++depth, ++i;
    } else if (depth > 0) {
      if (text[i] == '}') --depth;
    } else if (wanted.find(text[i]) != std::string_view::npos) {
      return i;
    }
  }
  return std::string_view::npos;
}

/// `user:password@host:port` and the path behind it.
struct Authority {
  std::string_view userinfo;
  std::string_view host;
  std::string_view path;
};

Authority split_authority(std::string_view text) {
  const std::size_t slash = find_outside_braces(text, "/?#");
  const std::string_view authority = text.substr(0, slash);
  Authority parts;
  if (slash != std::string_view::npos) parts.path = text.substr(slash, text.find_first_of("?#", slash) - slash);
  std::size_t at = std::string_view::npos;
  for (std::size_t from = 0; from <= authority.size();) {
    const std::size_t next = find_outside_braces(authority.substr(from), "@");
    if (next == std::string_view::npos) break;
    at = from + next;
    from = at + 1;
  }
  if (at != std::string_view::npos) parts.userinfo = authority.substr(0, at);
  parts.host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  return parts;
}

/// The name that credentials carry.
std::string registry_name(std::string_view host, std::string_view path, std::string_view default_port) {
  if (host.ends_with(default_port)) host.remove_suffix(default_port.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  return lower(host).append(path);
}

/// A host that could be one: neither empty nor from the environment, nor a word of prose.
bool is_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return is_name_part(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']' || c == '%' ||
           static_cast<unsigned char>(c) >= 0x80;
  }) && host.front() != ':';
}

std::optional<std::string_view> after_scheme(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (lower(text.substr(0, scheme.size())) == scheme) return text.substr(scheme.size());
  }
  return std::nullopt;
}

}  // namespace

StoredText read_stored_text(std::string_view text, Expansion expansion) {
  if (expansion == Expansion::bun && text.starts_with('$') && is_name(text.substr(1))) {
    return {{}, std::string(text.substr(1))};
  }
  if (expansion == Expansion::npm) {
    if (auto name = escaped_reference(text)) return {{}, std::move(name)};
  }
  int budget = kReferencesMax;
  return expand(text, expansion, 0, budget);
}

BasicAuth split_basic_auth(std::string_view text) {
  const std::size_t colon = find_outside_braces(text, ":");
  if (colon == std::string_view::npos) return {{}, Secret(text)};
  return {std::string(text.substr(0, colon)), Secret(text.substr(colon + 1))};
}

BasicAuth decode_basic_auth(std::string_view encoded) {
  if (const auto decoded = decode_base64(encoded)) {
    const std::string_view text = without_line_end(decoded->reveal());
    if (is_text(text) && text.find(':') != std::string_view::npos) return split_basic_auth(text);
  }
  return {{}, Secret(encoded)};
}

Secret decode_password(std::string_view encoded) {
  if (const auto decoded = decode_base64(encoded)) {
    const std::string_view text = without_line_end(decoded->reveal());
    if (!text.empty() && is_text(text)) return Secret(text);
  }
  return Secret(encoded);
}

std::optional<RegistryUrl> read_registry_url(std::string_view url, Expansion expansion) {
  url = trim_like_javascript(url);
  auto rest = after_scheme(url);
  const bool plain_http = rest && (url[4] == ':');
  if (!rest && url.starts_with("//")) rest = url.substr(2);
  if (!rest) return std::nullopt;
  const Authority parts = split_authority(*rest);

  RegistryUrl result;
  if (is_host(parts.host)) {
    result.name = registry_name(parts.host, parts.path, plain_http ? ":80" : ":443");
  } else if (parts.host.find("${") == std::string_view::npos || parts.userinfo.empty()) {
    return std::nullopt;
  }
  if (parts.userinfo.empty()) return result;
  const std::size_t colon = find_outside_braces(parts.userinfo, ":");
  std::string_view user = parts.userinfo.substr(0, colon);
  std::string_view password = colon == std::string_view::npos ? std::string_view{} : parts.userinfo.substr(colon + 1);
  if (password.empty() && (user.size() >= kTokenLengthMin || user.starts_with('$'))) std::swap(user, password);
  result.password = read_stored_text(password, expansion);
  result.password.text = percent_decode(result.password.text.reveal());
  if (!password.empty()) result.username = std::string(percent_decode(user).reveal());
  return result;
}

NerfDart read_nerf_dart(std::string_view text) {
  NerfDart result;
  std::string_view rest = text;
  result.found_by_npm = rest.starts_with("//");
  if (result.found_by_npm) rest.remove_prefix(2);
  // `https://host/:_authToken` and `//https://host/:_authToken` are what people write who have not read the manual.
  if (const auto inner = after_scheme(rest)) {
    result.found_by_npm = false;
    rest = *inner;
  }
  const Authority parts = split_authority(rest);
  if (!is_host(parts.host)) {
    result.found_by_npm = result.found_by_npm && parts.host.find("${") != std::string_view::npos;
    return result;
  }
  if (!result.found_by_npm && parts.host.find('.') == std::string_view::npos) return result;
  result.registry = registry_name(parts.host, parts.path, ":443");
  if (parts.path.find("${") != std::string_view::npos) result.registry.reset();
  const bool as_npm_spells = parts.userinfo.empty() && lower(parts.host) == parts.host && !parts.host.ends_with(":443");
  result.found_by_npm = result.found_by_npm && as_npm_spells && parts.host.size() + parts.path.size() == rest.size();
  return result;
}

std::string without_userinfo(std::string_view text) {
  const std::size_t slashes = text.find("//");
  if (slashes == std::string_view::npos) return std::string(text);
  const std::size_t start = slashes + 2;
  const Authority parts = split_authority(text.substr(start));
  std::string out(text.substr(0, start));
  return out.append(text.substr(start + (parts.userinfo.data() == nullptr ? 0 : parts.userinfo.size() + 1)));
}

}  // namespace tokensweep
