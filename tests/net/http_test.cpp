#include "net/http.hpp"

#include <doctest/doctest.h>

namespace {

using namespace tokensweep;

TEST_CASE("a header is found by its name in any case, the first of several") {
  HttpResponse response;
  response.headers = {{"Link", "a"}, {"link", "b"}, {"Empty", ""}};
  CHECK(response.header("LINK") == "a");
  CHECK(response.header("empty").empty());
  CHECK(response.header("Lin").empty());
  CHECK(response.header("Links").empty());
}

TEST_CASE("a copy of a request has all of it") {
  HttpRequest request;
  request.method = "POST";
  request.url.target = "/x";
  request.headers = {{"Accept", "text/plain"}};
  request.body = WipedText("body");
  request.largest_body = 1;
  request.first_byte = std::chrono::milliseconds(2);
  request.keeps_answer = true;
  const HttpRequest copy = copy_of(request);
  CHECK(copy.method == "POST");
  CHECK(copy.url.target == "/x");
  CHECK(value_of(copy.headers, "accept") == "text/plain");
  CHECK(copy.body.view() == "body");
  CHECK(copy.largest_body == 1);
  CHECK(copy.first_byte == std::chrono::milliseconds(2));
  CHECK(copy.keeps_answer);
  CHECK(copy.reader == nullptr);
}

}  // namespace
