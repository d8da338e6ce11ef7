# Sourced by `run` and `test`: brings a fresh Debian to the point where Troupe
# can be built. Expects `root`, the folder of the checkout.

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

wanted_packages() { grep -hv '^#' "$root/packaging/build-packages" "$@"; }

missing_packages() {
  local present
  # shellcheck disable=SC2046
  present=$(dpkg-query -W -f '${Package} ${Status}\n' $(wanted_packages "$@") 2>/dev/null | sed -n 's/ .* ok installed$//p' || true)
  wanted_packages "$@" | grep -vxF -e "$present" || true
}

# install_packages [FILE ...]: the build packages and those listed in FILEs.
install_packages() {
  local missing
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "needs apt-get (Debian 12 or 13) to install: $(echo $missing)"
  local as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "run as root, or install sudo, so that these packages can be installed: $(echo $missing)"
    as_root=sudo
  fi
  say "installing packages: $(echo $missing)"
  $as_root apt-get update -q
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing
}

# build PRESET [TARGET ...]
build() {
  local preset=$1
  shift
  cd "$root" || exit 1
  if [ ! -f "build/$preset/build.ninja" ]; then
    say "configuring build/$preset"
    local said
    said=$(cmake --preset "$preset" 2>&1) || {
      printf '%s\n' "$said" >&2
      die "CMake could not configure; the reason stands above"
    }
  fi
  say "building (preset $preset, $(nproc) at a time; the first time takes some minutes)"
  cmake --build --preset "$preset" ${1:+--target "$@"}
}
