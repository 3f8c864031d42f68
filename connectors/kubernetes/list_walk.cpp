#include "connectors/kubernetes/list_walk.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "connectors/kubernetes/helm_release.hpp"
#include "connectors/kubernetes/helm_sightings.hpp"
#include "connectors/kubernetes/sightings.hpp"
#include "net/paging.hpp"
#include "net/wait_line.hpp"

namespace tokensweep::kubernetes {
namespace {

/// Of a page, an eighth that is new is cheaper to read with the rest than one by one.
constexpr std::size_t kFew = 8;
/// 20 to a page: more secrets than any cluster has.
constexpr std::size_t kMostPages = 1'000'000;

using Known = std::unordered_map<std::string, bool>;  ///< by place and version

std::string key_of(std::string_view place, const SecretObject& secret) {
  return std::string(place).append(" ").append(secret.version);
}

}  // namespace

/// One page while it comes: what is found goes on at once.
class ListWalk::Page final : public SecretListener {
 public:
  Page(ClusterReading& reading_, ListRequest request_)
      : request(std::move(request_)), reader(*this, request.form, request.kind), reading(reading_) {}

  ListRequest request;
  SecretListReader reader;
  ListHead list;
  bool headed = false;
  bool done = false;
  WaitLine changed;
  std::optional<Api::Page> came;
  std::vector<std::string> namespaces;  ///< in the list's order
  Known known;                          ///< what the sink said of each; filled before where it was asked already
  std::size_t news = 0;
  std::vector<SecretObject> unread;  ///< of ListForm::names, those whose values have to be asked for

  void head(const ListHead& head) override {
    list = head;
    headed = true;
    changed.wake_all();
  }

  bool wants_values(const SecretObject& secret) override {
    if (namespaces.empty() || namespaces.back() != secret.name_space) namespaces.push_back(secret.name_space);
    scope_ = reading.scopes.of(secret.name_space);
    is_new_ = scope_ && !reading.scopes.has_ended(secret.name_space) && !handed_.contains(secret.uid) && is_new(secret);
    return is_new_ && request.form == ListForm::values;
  }

  bool may_matter(const SecretObject& secret, std::string_view key, std::string_view bytes,
                  Spelling spelling) override {
    if (key.empty()) return reading.sink.may_matter(kLastApplied, bytes, spelling);
    // The type that tells a release comes behind its value.
    if (reading.options.helm && key == kReleaseKey) return true;
    // `_authToken` says of a setting's value what no name of a secret does.
    if (secret.kind == ObjectKind::config_map && reading.sink.may_matter({}, key, Spelling::plain)) return true;
    return reading.sink.may_matter(name_of(secret, key), bytes, spelling);
  }

  Result<> secret(SecretObject& secret) override {
    if (scope_ && reading.scopes.has_ended(secret.name_space)) {
      return Error{ErrorKind::malformed, "the list comes back to a namespace that it has left"};
    }
    if (!is_new_) return {};
    handed_.insert(secret.uid);
    ++news;
    if (request.form == ListForm::names && !reading.options.names_only) {
      unread.push_back(std::move(secret));
      return {};
    }
    if (reading.options.helm && request.form == ListForm::values && is_release(secret)) {
      hand_on_release(secret, *scope_, reading.sink);
    }
    for (SecretKey& key : secret.keys) hand_on(secret, key.name, sighting_of_key(secret, key));
    if (secret.last_applied) hand_on(secret, "", sighting_of_last_applied(secret));
    if (request.form == ListForm::names && secret.keys.size() < secret.key_count) {
      Gap gap{.place = place_of(secret) + "/?keys",
              .reason = "of its " + counted(secret.key_count, "key") + ", " +
                        std::to_string(secret.key_count - secret.keys.size()) +
                        " have names that only the values' list would tell"};
      reading.sink.gap(*scope_, std::move(gap));
    }
    return {};
  }

 private:
  /// Whether no earlier sweep has read this version of it.
  bool is_new(const SecretObject& secret) {
    if (reading.options.names_only) return true;
    const std::string place = place_of(secret);
    const auto [asked, first] = known.try_emplace(key_of(place, secret));
    if (first) asked->second = reading.sink.is_known(*scope_, place, version_read(secret));
    return !asked->second;
  }

  /// A ConfigMap with a release is listed either way: whether it is decoded is part of what was read. So is who uses a
  /// secret.
  [[nodiscard]] std::string version_read(const SecretObject& secret) const {
    const bool decoded = reading.options.helm && secret.kind == ObjectKind::config_map && is_release(secret);
    std::string version = secret.version + (decoded ? "+helm" : "");
    if (reading.uses != nullptr) version += '\n' + reading.uses->version_of(secret.name_space, secret.name);
    return version;
  }

  /// `key`: empty where the sighting is of the whole secret.
  void hand_on(const SecretObject& secret, std::string_view key, Sighting sighting) {
    if (reading.uses != nullptr) reading.uses->add_to(sighting, secret, key);
    reading.sink.found(*scope_, std::move(sighting));
  }

  ClusterReading& reading;
  std::unordered_set<std::string>
      handed_;  ///< a page that breaks is asked for again: what came whole does not count twice
  std::optional<ScopeNumber> scope_;
  bool is_new_ = false;
};

ListWalk::ListWalk(Api& api, ClusterReading& reading, std::string name_space, std::string snapshot)
    : api_(api),
      reading_(reading),
      name_space_(std::move(name_space)),
      snapshot_(std::move(snapshot)),
      pages_(2),
      singles_(std::max(reading.options.lists, 1U)) {}

ListWalk::~ListWalk() = default;

Task<WalkEnd> ListWalk::run() {
  WalkEnd end = co_await walk();
  co_await pages_.join();
  co_return end;
}

Task<WalkEnd> ListWalk::walk() {
  PageGuard guard(kMostPages);
  PagePtr page = co_await start("");
  for (;;) {
    while (!page->done && !page->headed) co_await page->changed.wait();
    PagePtr next;
    // Whether the list is mostly known shows with its first page: until then nobody knows what to ask for.
    if (page->headed && !page->list.next.empty() && end_.began && reading_.options.looks_ahead) {
      next = co_await start(page->list.next);
    }
    co_await wait_for_end(page);
    Answer<bool> answer = std::move(page->came->answer);
    if (answer.reaction == Reaction::expired && !page->came->continuation.empty() &&
        guard.enter(page->came->continuation)) {
      if (next) co_await wait_for_end(next);
      end_.one_snapshot = false;
      page = co_await start(page->came->continuation);
      continue;
    }
    if (answer) {
      end_.began = true;
      answer = co_await settle(page);
    }
    if (answer && !page->list.next.empty() && !guard.enter(page->list.next)) {
      answer = Answer<bool>(Reaction::failed, Error{ErrorKind::malformed, "its pages go round or never end"});
    }
    if (!answer) {
      if (next) co_await wait_for_end(next);
      end_.reaction = answer.reaction;
      end_.why = std::move(answer.value).error().what;
      co_return end_;
    }
    if (page->list.next.empty()) co_return end_;
    if (!next) next = co_await start(page->list.next);
    page = std::move(next);
  }
}

Task<ListWalk::PagePtr> ListWalk::start(std::string token) {
  const bool names = reading_.options.names_only || !reading_.expects_news;
  ListRequest request{.kind = reading_.scopes.reads().kind,
                      .name_space = name_space_,
                      .form = names ? ListForm::names : ListForm::values,
                      .limit = reading_.page_size.limit(),
                      .page = std::move(token),
                      .snapshot = snapshot_,
                      .secret = {},
                      .releases = reading_.options.helm};
  if (names && end_.began) request.limit = PageSize::kNames;
  auto page = std::make_shared<Page>(reading_, std::move(request));
  co_await reading_.sink.room();
  co_await pages_.start(read(page));
  co_return page;
}

Task<> ListWalk::read(PagePtr page) {
  page->came = co_await api_.secrets(page->request, page->reader);
  page->done = true;
  page->changed.wake_all();
}

Task<> ListWalk::wait_for_end(PagePtr page) {
  while (!page->done) co_await page->changed.wait();
}

/// What is still to be done about a page that came.
Task<Answer<bool>> ListWalk::settle(PagePtr page) {
  const std::size_t items = page->reader.items();
  if (page->request.form == ListForm::values) reading_.page_size.came(page->reader.bytes(), items);
  if (items > 0) reading_.expects_news = page->news * kFew > items;
  if (!page->unread.empty()) {
    auto read = co_await read_news(page);
    if (!read) co_return read;
  }
  co_await leave_namespaces(page);
  co_return Answer<bool>(true);
}

/// Reads the values of what is new on a page of names.
Task<Answer<bool>> ListWalk::read_news(PagePtr page) {
  if (page->news * kFew > page->reader.items()) {
    auto again = co_await read_again(page);
    if (again.reaction != Reaction::expired) co_return again;
    // The snapshot is gone: each for itself.
  }
  broken_.reset();
  for (std::size_t i = 0; i < page->unread.size(); ++i) {
    co_await reading_.sink.room();
    co_await singles_.start(read_one(page, i));
  }
  co_await singles_.join();
  if (broken_) co_return std::move(*broken_);
  co_return Answer<bool>(true);
}

/// Asks for the same page of the same snapshot once more, with values.
Task<Answer<bool>> ListWalk::read_again(PagePtr page) {
  ListRequest request = page->request;
  request.form = ListForm::values;
  if (request.page.empty()) request.snapshot = page->list.version;
  auto values = std::make_shared<Page>(reading_, std::move(request));
  values->known = page->known;
  co_await reading_.sink.room();
  Api::Page came = co_await api_.secrets(values->request, values->reader);
  if (came.answer) reading_.page_size.came(values->reader.bytes(), values->reader.items());
  co_return std::move(came.answer);
}

/// One that has vanished since is no failure: the list of it alone is empty. It is a list, because `list` is the one
/// right that everything else here takes.
Task<> ListWalk::read_one(PagePtr page, std::size_t number) {
  if (broken_) co_return;
  const SecretObject& secret = page->unread[number];
  auto one = std::make_shared<Page>(
      reading_,
      ListRequest{
          .kind = secret.kind, .name_space = secret.name_space, .page = {}, .snapshot = {}, .secret = secret.name});
  one->known.emplace(key_of(place_of(secret), secret), false);
  Api::Page came = co_await api_.secrets(one->request, one->reader);
  if (came.answer) co_return;
  if (came.answer.reaction == Reaction::ends_cluster) {
    broken_ = std::move(came.answer);
    co_return;
  }
  Gap gap{.place = place_of(secret), .reason = secret.name + ": " + came.answer.value.error().what};
  const auto scope = reading_.scopes.of(secret.name_space);
  if (scope) reading_.sink.gap(*scope, std::move(gap));
}

/// A list is in the order of namespaces: all but the last one of a page are through.
Task<> ListWalk::leave_namespaces(PagePtr page) {
  if (!name_space_.empty() || page->namespaces.empty()) co_return;
  for (const std::string& one : page->namespaces) {
    if (open_.empty() || open_.back() != one) open_.push_back(one);
  }
  const std::string last = open_.back();
  open_.pop_back();
  for (std::string& one : open_) {
    if (one != last) co_await reading_.scopes.end(std::move(one), ScopeEnd());
  }
  open_.assign(1, last);
}

}  // namespace tokensweep::kubernetes
