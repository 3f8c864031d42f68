#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/paging.hpp"

using namespace tokensweep;

/// The bytes are a `Link` header. Whatever stands in it, only a link of ours with that page in it may give the page,
/// and a link of ours that follows is found, or the header is refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Url asked = *Url::parse("https://api.example.test/x");

  HttpResponse response;
  response.headers = {{"Link", text}};
  const auto page = next_page(response, asked, "page");
  if (page && *page && (text.find("page=") == std::string::npos && text.find('%') == std::string::npos)) std::abort();

  response.headers.push_back({"link", R"(<https://api.example.test/x?page=zz>; rel="next")"});
  const auto both = next_page(response, asked, "page");
  if (both && (!*both || **both != "zz")) std::abort();

  response.headers.push_back({"LINK", R"(<https://evil.test/x?page=zz>; rel=next)"});
  if (next_page(response, asked, "page")) std::abort();
  return 0;
}
