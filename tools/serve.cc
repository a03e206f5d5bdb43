#include "tools/serve.h"

#include <iostream>

#include "tools/verbs.h"

namespace tools {

int serve(const live::ServeOptions& options) {
  switch (live::serve(options, std::cout, std::cerr)) {
    case live::Served::ended:
      return kPass;
    case live::Served::died:
      return kFail;
    case live::Served::bad_input:
      return kBadInput;
    case live::Served::cannot_start:
      return kDefect;
  }
  return kDefect;
}

}  // namespace tools
