#pragma once

#include <string>

#include "net/http.hpp"

namespace tokensweep::aws {

/// AWS' code for a refusal, such as `ThrottlingException`: of the header `x-amzn-ErrorType`, else of a JSON answer's
/// `__type` or `code`, else of an XML answer's `Code`, each without the namespace and the address around it. Empty
/// where the answer has none, or one that is no word of letters, digits, dots and underscores: what is given may be
/// shown to a person.
std::string error_code(const HttpResponse& response);

}  // namespace tokensweep::aws
