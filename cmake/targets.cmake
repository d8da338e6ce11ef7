# One precompiled header for code without CAF, one for code with it, one for
# tests. Each is compiled once and reused by every target of its sort.
file(WRITE ${PROJECT_BINARY_DIR}/pch/empty.cpp "")
add_library(pch_plain OBJECT ${PROJECT_BINARY_DIR}/pch/empty.cpp)
target_precompile_headers(pch_plain PRIVATE
  <algorithm> <atomic> <chrono> <cstdint> <deque> <functional> <map> <memory>
  <mutex> <optional> <string> <string_view> <thread> <unordered_map> <utility>
  <variant> <vector> <fmt/format.h> <nlohmann/json.hpp>)
target_link_libraries(pch_plain PRIVATE fmt::fmt nlohmann_json::nlohmann_json)
target_include_directories(pch_plain PRIVATE ${PROJECT_SOURCE_DIR})
add_library(pch_caf OBJECT ${PROJECT_BINARY_DIR}/pch/empty.cpp)
target_precompile_headers(pch_caf PRIVATE
  <caf/all.hpp> <fmt/format.h> <nlohmann/json.hpp> <map> <deque> <unordered_map>)
target_link_libraries(pch_caf PRIVATE caf::core fmt::fmt nlohmann_json::nlohmann_json)
target_include_directories(pch_caf PRIVATE ${PROJECT_SOURCE_DIR})
# What only says what is tested is compiled quickly, not to run fast: what is
# tested, and simulators, are libraries with the options of the preset.
set(test_options $<$<CONFIG:Release>:-O0>)
if(BUILD_TESTING)
  add_library(pch_test OBJECT ${PROJECT_BINARY_DIR}/pch/empty.cpp)
  target_precompile_headers(pch_test PRIVATE
    ${PROJECT_SOURCE_DIR}/tests/support/suite.hpp <fmt/format.h> <nlohmann/json.hpp> <map> <deque>)
  target_link_libraries(pch_test PRIVATE caf::core fmt::fmt nlohmann_json::nlohmann_json)
  target_include_directories(pch_test PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(pch_test PRIVATE ${test_options})
  add_library(test_main OBJECT ${PROJECT_SOURCE_DIR}/tests/support/main.cpp)
  target_link_libraries(test_main PRIVATE caf::core)
endif()

# compile_together(TARGET): its sources as few big ones, of equal count; 16 of
# them keep the compiler below 1 GB. A source that must stay alone says so with
# the property SKIP_UNITY_BUILD_INCLUSION.
function(compile_together target)
  if(NOT TROUPE_UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(LENGTH sources count)
  math(EXPR parts "(${count} + 15) / 16")
  math(EXPR batch "(${count} + ${parts} - 1) / ${parts}")
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${batch})
endfunction()

# troupe_library(NAME [CAF] SOURCES ... LINK ...): the library of one folder.
# The arrows of the design are its LINK line.
function(troupe_library name)
  cmake_parse_arguments(x "CAF" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${x_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC fmt::fmt nlohmann_json::nlohmann_json
                        Threads::Threads ${x_LINK})
  if(x_CAF)
    target_link_libraries(${name} PUBLIC caf::core)
    target_precompile_headers(${name} REUSE_FROM pch_caf)
  else()
    target_precompile_headers(${name} REUSE_FROM pch_plain)
  endif()
  compile_together(${name})
endfunction()

# troupe_program(NAME SOURCES ... LINK ...): built to bin/NAME.
function(troupe_program name)
  cmake_parse_arguments(x "CAF" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${x_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE fmt::fmt nlohmann_json::nlohmann_json ${x_LINK})
  if(x_CAF)
    target_link_libraries(${name} PRIVATE caf::core)
    target_precompile_headers(${name} REUSE_FROM pch_caf)
  else()
    target_precompile_headers(${name} REUSE_FROM pch_plain)
  endif()
  compile_together(${name})
endfunction()

# troupe_test(NAME SOURCES a_test.cpp ... LINK ...): one binary of CAF test
# suites; each `#define CAF_SUITE x` in a source becomes the test NAME.x. No
# test of a suite may take longer than TIMEOUT seconds, 60 if it is not said.
function(troupe_test name)
  cmake_parse_arguments(x "" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT x_TIMEOUT)
    set(x_TIMEOUT 60)
  endif()
  set(target ${name}_test)
  string(REPLACE "." "_" target ${target})
  add_executable(${target} ${x_SOURCES})
  target_link_libraries(${target} PRIVATE test_main caf::core fmt::fmt
                        nlohmann_json::nlohmann_json ${x_LINK})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(${target} PRIVATE ${test_options})
  target_precompile_headers(${target} REUSE_FROM pch_test)
  compile_together(${target})
  set_target_properties(${target} PROPERTIES UNITY_BUILD_CODE_BEFORE_INCLUDE "#undef CAF_SUITE")
  foreach(source ${x_SOURCES})
    file(STRINGS ${source} suites REGEX "^#define CAF_SUITE ")
    foreach(line ${suites})
      string(REGEX REPLACE "^#define CAF_SUITE +" "" suite ${line})
      add_test(NAME ${name}.${suite}
               COMMAND ${PROJECT_SOURCE_DIR}/tests/support/run_suite $<TARGET_FILE:${target}> ${suite} ${x_TIMEOUT})
      # TIMEOUT is of each test, which CAF's runner ends; CTest's is of all in the suite.
      math(EXPR limit "3 * ${x_TIMEOUT}")
      # A suite name that matches nothing exits 0 in CAF's runner.
      set_tests_properties(${name}.${suite} PROPERTIES TIMEOUT ${limit} PROCESSORS 2
                           FAIL_REGULAR_EXPRESSION "suites:  0")
    endforeach()
  endforeach()
endfunction()

# Tests that sleep most of their time: two of them run in the place of one
# (./test counts halves of tests).
function(tests_that_sleep)
  set_tests_properties(${ARGN} PROPERTIES PROCESSORS 1)
endfunction()
