# Sourced. Fetches Debian packages of any suite and architecture without touching the
# machine's own lists: nothing is installed, everything lands below $cache.
# Expects: cache, the folder for all that is fetched and built.

say() { printf 'hardware: %s\n' "$*" >&2; }
die() { say "$*"; exit 125; }

# The machine's own archive, so that a local mirror is used where there is one.
archive_uri() { # debian|debian-security
  local uri
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    grep -E "/$1/?\$" | head -n 1) || true
  echo "${uri:-http://deb.debian.org/$1}"
}

# suites ARCH SUITE ...: reads the lists of these suites; later calls use them.
suites() {
  local arch=$1 suite
  shift
  lists=$cache/apt/$arch-$(echo "$*" | tr ' ' '+')
  mkdir -p "$lists"/{lists,archives}/partial "$lists/none"
  for suite in "$@"; do
    case $suite in
      *-security) echo "deb ${TROUPE_SECURITY:-$(archive_uri debian-security)} $suite main" ;;
      *) echo "deb ${TROUPE_MIRROR:-$(archive_uri debian)} $suite main" ;;
    esac
  done >"$lists/sources.list"
  apt_options=(-qq -o "APT::Architecture=$arch" -o "APT::Architectures=$arch"
    -o "Dir::Etc::sourcelist=$lists/sources.list" -o "Dir::Etc::sourceparts=$lists/none"
    -o "Dir::Etc::preferencesparts=$lists/none" -o "Dir::State::lists=$lists/lists"
    -o "Dir::Cache=$lists" -o Dir::State::status=/dev/null -o APT::Sandbox::User=
    -o Acquire::Retries=3)
  apt-get "${apt_options[@]}" update
}

depends_of() { # PACKAGE PATTERN: the dependency that matches
  apt-cache "${apt_options[@]}" show --no-all-versions "$1" | sed -n 's/^Depends: //p' |
    tr ',' '\n' | sed 's/^ *//; s/ .*//' | grep -E "$2"
}

download() { # DIR PACKAGE ...
  mkdir -p "$1"
  (cd "$1" && shift && apt-get "${apt_options[@]}" download "$@")
}
