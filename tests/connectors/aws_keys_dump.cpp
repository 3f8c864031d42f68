#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <iostream>
#include <string>

#include "connectors/aws/session.hpp"
#include "net/network.hpp"

using namespace tokensweep;

namespace {

std::string asked(const Result<HttpResponse>& answer) {
  return answer ? "HTTP " + std::to_string(answer->status) : answer.error().what;
}

Task<std::string> describe(const aws::Session& session, std::shared_ptr<aws::KeyProvider> keys) {
  const auto caller = co_await session.caller(keys);
  if (!caller) co_return caller.error().what;
  const std::string region = session.region().value_or("us-east-1");
  const auto endpoint = session.endpoint("ssm", region);
  if (!endpoint) co_return endpoint.error().what;
  const auto client = session.client("ssm", region, *endpoint, std::move(keys), {});
  if (!client) co_return client.error().what;
  HttpRequest request{.method = "POST", .url = *endpoint, .body = WipedText(R"({"MaxResults":50})")};
  request.headers.push_back({"Content-Type", "application/x-amz-json-1.1"});
  request.headers.push_back({"X-Amz-Target", "AmazonSSM.DescribeParameters"});
  const auto answer = co_await (*client)->send(request);
  co_return caller->arn + " | " + asked(answer);
}

Task<> tell(const aws::Session& session, std::string role) {
  std::cout << co_await describe(session, session.keys()) << '\n';
  if (role.empty()) co_return;
  aws::Role wanted;
  wanted.arn = std::move(role);
  std::cout << co_await describe(session, session.keys_of(std::move(wanted), session.keys())) << '\n';
}

}  // namespace

/// Asks a server that verifies signatures, as the environment says where and by which keys: who we are, and for a list
/// of parameters; then the same as the role that is named. A line for each, with the error where there is one. The
/// other side of tests/servers/test_aws_keys.py.
int main(int argc, char** argv) {
  boost::asio::io_context context;
  SystemClock clock;
  Random random = [] { return 0.5; };
  const Environment environment = process_environment;
  Network network(clock, random, environment, nullptr);
  const Services services{.clients = network,
                          .clock = clock,
                          .random = random,
                          .environment = environment,
                          .credential = [](const CredentialRef&) -> Result<Secret> {
                            return Error{ErrorKind::internal, "AWS' keys come another way"};
                          },
                          .name = "aws"};
  const auto session = aws::Session::open({}, services);
  if (!session) {
    std::cout << session.error().what << '\n';
    return 1;
  }
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, tell(**session, argc > 1 ? argv[1] : ""),
                        [&thrown](std::exception_ptr exception) { thrown = std::move(exception); });
  context.run();
  return thrown ? 2 : 0;
}
