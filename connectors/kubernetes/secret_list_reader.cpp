#include "connectors/kubernetes/protobuf.hpp"
#include "connectors/kubernetes/secret_list.hpp"

namespace tokensweep::kubernetes {

SecretListReader::SecretListReader(SecretListener& listener, ListForm form, ObjectKind kind)
    : listener_(listener), form_(form), kind_(kind) {}

void SecretListReader::begin() {
  parser_.reset();
  bytes_ = 0;
}

Result<> SecretListReader::read(std::string_view bytes) {
  if (!parser_ && bytes.empty()) return {};
  if (!parser_) {
    const bool protobuf = kind_ == ObjectKind::secret && form_ == ListForm::values && is_protobuf(bytes);
    parser_ = protobuf ? protobuf_list_parser(listener_) : json_list_parser(listener_, form_, kind_);
  }
  bytes_ += bytes.size();
  return parser_->read(bytes);
}

Result<> SecretListReader::finish() {
  if (!parser_) parser_ = json_list_parser(listener_, form_, kind_);
  return parser_->finish();
}

std::size_t SecretListReader::items() const { return parser_ ? parser_->items() : 0; }

}  // namespace tokensweep::kubernetes
