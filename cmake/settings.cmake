set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
option(BUILD_TESTING "Build the tests" ON)
option(TROUPE_WERROR "Warnings are errors" ON)
set(TROUPE_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")
option(TROUPE_COVERAGE "Count executed lines" OFF)
# Most of a source's compile time goes into what its headers instantiate, so
# many sources at once cost little more than one. OFF for small steps: after a
# change only what it touches is compiled.
option(TROUPE_UNITY "Compile the sources of a target together" ON)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow=local -Wnon-virtual-dtor
                    -Wold-style-cast -Woverloaded-virtual)
if(TROUPE_WERROR)
  add_compile_options(-Werror)
endif()

# An impossible state stops the node also in release: going on would publish a
# lie. So -O2 without NDEBUG.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")

if(TROUPE_SANITIZE)
  add_compile_options(-fsanitize=${TROUPE_SANITIZE} -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${TROUPE_SANITIZE})
  # GCC 12 sees ghosts in CAF's test runner when it instruments.
  add_compile_options(-Wno-maybe-uninitialized)
  if(TROUPE_SANITIZE MATCHES undefined)
    # CAF 0.17.6 binds a null reference in every argument-less spawn.
    add_compile_options(-fno-sanitize=null)
  endif()
endif()
if(TROUPE_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

# ccache understands precompiled headers only with this sloppiness. With the
# base folder a second checkout finds what the first one compiled.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      ${CCACHE})
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endif()
