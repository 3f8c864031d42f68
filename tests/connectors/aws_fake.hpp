#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "connectors/aws/chain.hpp"
#include "connectors/aws/outside.hpp"
#include "net/layered_client.hpp"
#include "tests/support/temp_directory.hpp"
#include "tests/support/virtual_clock.hpp"

/// AWS' services of scripted answers, in memory, below the real layers of the client.
namespace tokensweep::aws::testing {

struct Reply {
  int status = 200;
  std::string body;
  std::vector<HttpHeader> headers;
  std::chrono::milliseconds after{50};
};

/// A header's value; the keys of tests are no secret.
inline std::string shown(std::span<const SecretHeader> headers, std::string_view name) {
  for (const SecretHeader& header : headers) {
    if (same_name(header.name, name)) return std::string(header.value.reveal());
  }
  return "";
}

/// The far side of all clients. Who answers nothing cannot be reached.
class Script final : public Exchange {
 public:
  explicit Script(Clock& clock) : clock_(clock) {}

  /// Answers to `POST https://host/target`, one after the other; the last one stays.
  std::map<std::string, std::deque<Reply>> replies;
  /// What was asked: method, address, body, and which keys have signed or which header proves who asks.
  std::vector<std::string> asked;

  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override {
    const std::string target = request.method + " " + to_string(request.url);
    std::string line = target;
    if (!request.body.empty()) line.append(" ").append(request.body.view());
    for (const SecretHeader& header : credential) line += " " + proof(header);
    asked.push_back(line);
    const auto found = replies.find(target);
    Reply reply;
    if (found != replies.end()) {
      reply = found->second.front();
      if (found->second.size() > 1) found->second.pop_front();
    }
    co_await clock_.sleep_until(clock_.now() + reply.after);
    if (found == replies.end())
      co_return Error{ErrorKind::transient, to_string(request.url.origin) + ": cannot be reached"};
    HttpResponse response;
    response.status = reply.status;
    response.headers = reply.headers;
    response.body = WipedText(reply.body);
    co_return response;
  }

 private:
  /// Of a signature, the id of the keys and what it is for.
  static std::string proof(const SecretHeader& header) {
    std::string value(header.value.reveal());
    constexpr std::string_view kBegin = "AWS4-HMAC-SHA256 Credential=";
    if (same_name(header.name, "X-Amz-Date")) return "at";
    if (!value.starts_with(kBegin)) return header.name + "=" + value;
    value = value.substr(kBegin.size());
    const std::size_t day = value.find('/');
    const std::size_t region = value.find('/', day + 1);
    return "by " + value.substr(0, day) + value.substr(region, value.find("/aws4_request") - region);
  }

  Clock& clock_;
};

class ScriptedClients final : public ClientFactory {
 public:
  ScriptedClients(Script& script, Clock& clock, Random& random) : script_(script), clock_(clock), random_(random) {}
  Result<std::unique_ptr<HttpClient>> make(ClientOptions options) override {
    ca_files.push_back(options.tls.ca_file.value_or("").native());
    return layered_client(std::move(options), {script_, clock_, random_, nullptr});
  }
  std::vector<std::string> ca_files;

 private:
  Script& script_;
  Clock& clock_;
  Random& random_;
};

/// A machine with a home directory and variables, on virtual time, which begins in September 2026.
class AwsFixture {
 public:
  AwsFixture() { environment["HOME"] = home.path().native(); }

  tokensweep::testing::TempDirectory home;
  tokensweep::testing::VirtualTime time;
  Script script{time.clock};
  std::map<std::string, std::string> environment;
  std::string program_output;                          ///< of whatever program is run
  std::vector<std::vector<std::string>> programs_run;  ///< with what they were told

  /// A file below the home that its owner alone may read.
  void write(const std::string& file, const std::string& text, mode_t mode = 0600) {
    const std::filesystem::path path = home.path() / file;
    std::filesystem::create_directories(path.parent_path());
    tokensweep::testing::write_file(path, text, mode);
  }
  void answer(const std::string& target, Reply reply) { script.replies[target].push_back(std::move(reply)); }

  /// What the chain knows of the world, with a region where the variable names one.
  Result<Outside*> outside(const ConfigFiles& files, const Profile* profile) {
    TRY(auto endpoints, Endpoints::read(look_up, files, profile));
    outside_ = std::make_unique<Outside>(Outside{.services = services, .endpoints = std::move(endpoints)});
    outside_->region = variable(look_up, "AWS_REGION");
    outside_->run = [this](std::vector<std::string> command) -> Task<Result<WipedText>> {
      programs_run.push_back(std::move(command));
      if (program_output.empty()) co_return Error{ErrorKind::misconfigured, "ended with status 1"};
      co_return WipedText(program_output);
    };
    return outside_.get();
  }

  Result<std::shared_ptr<KeyProvider>> find(const ProfileChoice& choice) {
    TRY(const auto files, ConfigFiles::read(look_up));
    TRY(Outside* const found, outside(files, files.profile(choice.name)));
    return find_keys(*found, files, choice);
  }

  /// The keys in one line, or why there are none.
  std::string keys(KeyProvider& provider) {
    const auto keys = time.run(provider.keys());
    if (!keys) return keys.error().what;
    std::string line = (*keys)->access_key_id + " " + std::string((*keys)->secret_access_key.reveal());
    if ((*keys)->session_token) line += " " + std::string((*keys)->session_token->reveal());
    return line + " of " + (*keys)->source;
  }
  std::string keys(const ProfileChoice& choice = {}) {
    const auto found = find(choice);
    return found ? keys(**found) : found.error().what;
  }

  Environment look_up = [this](const char* name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  Random random = [] { return 0.5; };
  ScriptedClients clients{script, time.clock, random};
  Services services{.clients = clients,
                    .clock = time.clock,
                    .random = random,
                    .environment = look_up,
                    .credential = [](const CredentialRef&) -> Result<Secret> {
                      return Error{ErrorKind::internal, "AWS' keys come another way"};
                    },
                    .name = "aws"};

 private:
  std::unique_ptr<Outside> outside_;
};

/// What STS answers when a role is taken on. `ID`, `ID-secret` and `ID-token` are its keys.
inline std::string role_answer(const std::string& id, const std::string& action = "AssumeRole",
                               const std::string& end = "2026-09-22T00:00:00Z") {
  return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
         "Result><AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/r/s</Arn></"
         "AssumedRoleUser><Credentials>" +
         "<AccessKeyId>" + id + "</AccessKeyId><SecretAccessKey>" + id + "-secret</SecretAccessKey><SessionToken>" +
         id + "-token</SessionToken><Expiration>" + end + "</Expiration></Credentials></" + action +
         "Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></" + action + "Response>";
}

}  // namespace tokensweep::aws::testing
