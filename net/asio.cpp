/// Asio's own code, compiled once: with BOOST_ASIO_SEPARATE_COMPILATION, which `net` hands to all who use it, every
/// other file sees declarations only.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
