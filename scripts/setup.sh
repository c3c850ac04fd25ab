#!/usr/bin/env bash
# Makes this machine ready to build and run kinemotion: Debian packages, and a check of the tools that must be there
# already; `scripts/setup.sh tests` also for tests and measurements. Run it as often as you like; when nothing is missing it
# changes nothing and needs no network.
set -euo pipefail

# What the build links against, and what pipelines are made of.
packages=(
  build-essential
  ca-certificates
  pkg-config
  libgstreamer1.0-dev
  libgstreamer-plugins-base1.0-dev
  libgstreamer-plugins-bad1.0-dev
  gstreamer1.0-tools
  gstreamer1.0-plugins-base
  gstreamer1.0-plugins-good
  gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly
  gstreamer1.0-libav
  gstreamer1.0-nice
)
# Only those who test or measure need these; some are services, which their tests start.
if [ "${1:-}" = tests ]; then
  packages+=(
    chromium # looks at the pages
    coturn # a TURN server
    haproxy # sends requests to two versions
    jq # reads answers in docs/api.md
    libssl-dev # the WebRTC client
    lintian # looks at packages for Debian
    octave # reads what is written for it and for MATLAB
    postgresql # the other database
    prometheus # checks and runs the rules in deploy/monitoring
    prometheus-alertmanager # checks its configuration and tells of alerts
    prometheus-node-exporter # what dashboards and alerts say of machines
    python3-venv # tools that are written in Python
    redis-server # what daemons of a cluster share
    systemd # says what a unit may do
    wrk # what `make load` asks the API with
  )
fi
oldest_rust=1.95
oldest_gstreamer=1.22
oldest_node=18

fail() {
  printf 'setup: %s\n' "$1" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# Whether version $1 is at least version $2.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

check_tools() {
  if ! has cargo && [ -f "$HOME/.cargo/env" ]; then
    fail 'Rust is installed but not on PATH: run `. "$HOME/.cargo/env"` and start again'
  fi
  has rustc && has cargo || fail "Rust $oldest_rust or later is missing: install it from https://rustup.rs"
  local rust
  rust=$(rustc --version | awk '{print $2}')
  at_least "${rust%%-*}" "$oldest_rust" || fail "Rust $rust is too old, $oldest_rust is needed: run \`rustup update stable\`"
  has python3 || fail 'Python 3 is missing: run `apt-get install python3 python3-pip`'
  python3 -m pip --version >/dev/null 2>&1 || fail 'pip for Python 3 is missing: run `apt-get install python3-pip`'
  has node && has npm || fail 'Node with npm is missing: run `apt-get install nodejs npm`'
  local node
  node=$(node --version)
  at_least "${node#v}" "$oldest_node" || fail "Node $node is too old, $oldest_node is needed: run \`apt-get install nodejs\`"
}

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || printf '%s\n' "$package"
  done
}

install_packages() {
  as_root=() # not local, as the next ones: the trap runs when this function has returned
  if [ "$(id -u)" -ne 0 ]; then
    has sudo || fail "packages are missing and there is neither root nor sudo: as root, run \`apt-get install $*\`"
    as_root=(sudo)
  fi
  log=$(mktemp)
  policy=
  trap 'rm -f "$log"; [ -z "$policy" ] || "${as_root[@]}" rm -f "$policy"' EXIT
  # Debian starts services when it installs them. Tests have services of their own, so nothing is started now or at the next boot.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
  fi
  printf 'setup: installing %s\n' "$*"
  # apt-get update succeeds without network on stale lists, so its outcome alone says nothing.
  "${as_root[@]}" apt-get update >"$log" 2>&1 || true
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1; then
    tail -n 15 "$log" >&2
    if grep -qE 'Temporary failure resolving|Could not connect|Unable to fetch|Failed to fetch|Could not resolve' "$log"; then
      fail 'packages could not be downloaded because the package mirror is not reachable: connect and run this again'
    elif grep -q 'No space left on device' "$log"; then
      fail 'packages could not be installed because the disk is full: free about 1 GB and run this again'
    elif grep -q 'Could not get lock' "$log"; then
      fail 'packages could not be installed because another package manager is running: wait for it and run this again'
    elif grep -q 'Unable to locate package' "$log"; then
      fail 'this release does not have every package: Debian 12 or later, or Ubuntu 23.04 or later, is needed'
    fi
    fail 'apt-get install failed; its last lines are above'
  fi
  local package
  for package in "$@"; do
    if has systemctl && [ -e "/lib/systemd/system/$package.service" ]; then
      "${as_root[@]}" systemctl --quiet disable "$package.service" >>"$log" 2>&1
    fi
  done
  # A plugin cache written half way through an installation hides what came later.
  rm -rf "${XDG_CACHE_HOME:-$HOME/.cache}/gstreamer-1.0"
}

check_gstreamer() {
  local found
  found=$(pkg-config --modversion gstreamer-1.0 2>/dev/null) ||
    fail "the development files of GStreamer $oldest_gstreamer or later are missing: install them with your package manager"
  at_least "$found" "$oldest_gstreamer" || fail "GStreamer $found is too old, $oldest_gstreamer is needed (Debian 12 has it)"
}

check_tools
if has dpkg-query && has apt-get; then
  mapfile -t missing < <(missing_packages)
  if [ "${#missing[@]}" -gt 0 ]; then
    install_packages "${missing[@]}"
  fi
else
  printf 'setup: this is not a Debian-like system, so packages are checked but not installed\n'
fi
check_gstreamer
