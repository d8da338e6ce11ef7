find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json 3.9 REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(gpiod REQUIRED IMPORTED_TARGET libgpiod)
pkg_check_modules(lua REQUIRED IMPORTED_TARGET lua5.4)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(avahi REQUIRED IMPORTED_TARGET avahi-client)
# Its -D_REENTRANT means nothing to today's glibc, and would refuse the precompiled header.
set_target_properties(PkgConfig::avahi PROPERTIES INTERFACE_COMPILE_OPTIONS "" INTERFACE_COMPILE_DEFINITIONS "")
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)

# CAF 0.17.6 comes without a CMake package or a pkg-config file.
find_path(CAF_INCLUDE_DIR caf/all.hpp REQUIRED)
file(STRINGS ${CAF_INCLUDE_DIR}/caf/config.hpp caf_version REGEX "^#define CAF_VERSION ")
if(NOT caf_version MATCHES "CAF_VERSION 1706")
  message(FATAL_ERROR "CAF 0.17.6 wanted (Debian package libcaf-dev), found: ${caf_version}")
endif()
foreach(part core io)
  find_library(CAF_${part}_LIBRARY caf_${part} REQUIRED)
  add_library(caf::${part} UNKNOWN IMPORTED)
  set_target_properties(caf::${part} PROPERTIES
    IMPORTED_LOCATION ${CAF_${part}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${CAF_INCLUDE_DIR})
  target_link_libraries(caf::${part} INTERFACE Threads::Threads)
endforeach()
target_link_libraries(caf::io INTERFACE caf::core)

# Debian 12 has no CMake package for RocksDB in every build; the library is one.
find_path(ROCKSDB_INCLUDE_DIR rocksdb/db.h REQUIRED)
find_library(ROCKSDB_LIBRARY rocksdb REQUIRED)
add_library(rocksdb::rocksdb UNKNOWN IMPORTED)
set_target_properties(rocksdb::rocksdb PROPERTIES
  IMPORTED_LOCATION ${ROCKSDB_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${ROCKSDB_INCLUDE_DIR})
