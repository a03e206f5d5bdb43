# shellcheck shell=bash
#
# What tools/run and tools/test share: from a bare Debian machine to a built target. Source it, after
# setting $program (the name that speaks in messages).
#
# Standard output belongs to the program that is run in the end; all that is said here goes to
# standard error, one line for each thing that takes a while. Compilers and apt write to a log, whose
# end is shown if they fail. A failure here ends with exit code 4: nothing was run, nothing judged.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

# The sources need these to build; the tests need the second list too, the second compiler the third.
build_packages=(g++ cmake ninja-build nlohmann-json3-dev libcli11-dev libfmt-dev libxxhash-dev
                libexpected-dev liblzf-dev liblua5.1-0-dev libasio-dev graphviz)
test_packages=(libgtest-dev libgmock-dev librapidcheck-dev libvalijson-dev libbenchmark-dev
               redis-server)
clang_packages=(clang libclang-rt-14-dev)

say() { printf '%s: %s\n' "$program" "$*" >&2; }

die() {
  say "$@"
  exit 4
}

# die_with_log LOG WORDS...: the words, then the end of the log.
die_with_log() {
  local log=$1
  shift
  say "$*; the end of $log:"
  tail -n 40 -- "$log" >&2
  exit 4
}

# Runs a command as root: as we are, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# need PACKAGES...: installs those that are not there yet, and nothing if none is missing.
need() {
  if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian: expecting to find what ${*} hold there"
    return
  fi
  local package missing=() installed
  # dpkg-query exits with 1 when it has never heard of a package, which is no error here.
  installed=" $(dpkg-query --show --showformat='${db:Status-Status}:${binary:Package} ' "$@" 2>/dev/null || true)"
  for package in "$@"; do
    # Packages of several architectures are listed as name:arch.
    [[ $installed == *" installed:$package "* || $installed == *" installed:$package:"* ]] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return

  local hint="apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "cannot install packages: this is not root, and there is no sudo. As root, run: $hint"
  fi
  say "installing ${missing[*]}"
  local log
  log=$(mktemp -t replsim-apt-XXXXXX.log)
  # Old package lists may still do; whether they do, the install tells.
  as_root apt-get -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 || echo "(apt-get update failed)" >>"$log"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
    install --yes --no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1 ||
    die_with_log "$log" "apt could not install them (by hand: $hint)"
  rm -f -- "$log"
}

# How many compilers at once: one a processor, but no more than one for each GB of memory.
parallel_jobs() {
  local processors memory_gb
  processors=$(nproc)
  # A chroot may have no /proc: then memory is not asked.
  memory_gb=$(awk '/^MemTotal:/ { print int($2 / 1000000) }' /proc/meminfo 2>/dev/null || nproc)
  [ "$memory_gb" -ge 1 ] || memory_gb=1
  echo $((processors < memory_gb ? processors : memory_gb))
}

# Only one build at a time in this checkout; the lock is left when the script ends or calls unlock.
lock() {
  mkdir -p "$root/build" 2>/dev/null && { exec 9>"$root/build/.lock"; } 2>/dev/null ||
    die "cannot write to $root/build"
  flock --nonblock 9 || { say "waiting for another build in this checkout"; flock 9; }
}
unlock() { exec 9>&-; }

# configured PRESET WANTED: whether build/PRESET has been configured, here, with the presets as they
# are now, and with tests if they are WANTED ("ON"; with "any" either will do).
configured() {
  local dir=$root/build/$1 wanted=$2 cache
  [ -f "$dir/build.ninja" ] && [ -f "$dir/.configured" ] &&
    [ ! "$root/CMakePresets.json" -nt "$dir/.configured" ] || return
  cache=$(<"$dir/CMakeCache.txt")
  [[ $cache == *"CMAKE_HOME_DIRECTORY:INTERNAL=$root"$'\n'* ]] &&
    [[ $wanted == any || $cache == *"REPLSIM_TESTS:BOOL=$wanted"* ]]
}

# configure PRESET WANTED: without tests their libraries need not be installed.
configure() {
  local preset=$1 wanted=$2 dir=$root/build/$1 log=$root/build/$1.log options=()
  if ! grep -qsFx "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$dir/CMakeCache.txt"; then
    options+=(--fresh)  # a cache that came with a copied folder points elsewhere
    [ "$wanted" = any ] && wanted=OFF
  fi
  [ "$wanted" = any ] || options+=("-DREPLSIM_TESTS=$wanted" "-DREPLSIM_BENCH=$wanted")
  (cd "$root" && cmake --preset "$preset" "${options[@]}") >"$log" 2>&1 ||
    die_with_log "$log" "CMake could not configure the build"
  touch "$dir/.configured"
}

up_to_date() {  # PRESET WANTED TARGETS...
  configured "$1" "$2" && [[ $(ninja -C "$root/build/$1" -n "${@:3}" 2>&1) == *"no work to do"* ]]
}

# build PRESET WANTED TARGETS...: what of these is not up to date in build/PRESET.
build() {
  local preset=$1 wanted=$2 log=$root/build/$1.log
  up_to_date "$@" && return
  lock
  if ! up_to_date "$@"; then  # another call may have built it while we waited
    say "building ${*:3} in build/$preset"
    configured "$preset" "$wanted" || configure "$preset" "$wanted"
    ninja -C "$root/build/$preset" -j "$(parallel_jobs)" "${@:3}" >"$log" 2>&1 ||
      die_with_log "$log" "the build failed"
  fi
  unlock
}
