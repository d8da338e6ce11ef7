// troupe-config-docs ROOT: writes the files that are made from the schema into
// the source tree at ROOT.

#include "config/schema/reference.hpp"

#include <cstdio>
#include <fstream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: troupe-config-docs ROOT\n", stderr);
    return 2;
  }
  const std::string root = argv[1];
  const std::pair<const char*, std::string> files[] = {
    {"/docs/configuration.md", troupe::schema::reference_page()},
    {"/config/examples/node.toml", troupe::schema::node_example()},
    {"/config/examples/options.toml", troupe::schema::options_example()},
  };
  for (const auto& [name, text] : files) {
    std::ofstream file{root + name, std::ios::binary};
    if (!(file << text).flush()) {
      std::fprintf(stderr, "troupe-config-docs: cannot write %s%s\n", root.c_str(), name);
      return 1;
    }
  }
  return 0;
}
