// Boost.JSON itself: whoever reads JSON includes <boost/json.hpp> and needs no library. This is the one file that may
// include its sources.

#include <boost/json/src.hpp>
