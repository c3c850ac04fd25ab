#!/usr/bin/env bash
# Makes what a release consists of:
#
#   artifacts.sh programs OUT PROGRAMS PLUGIN   for this machine's architecture: program, plugin, packages for Debian, bill of materials
#   artifacts.sh sdks OUT                       packages for Python and npm
#   artifacts.sh sums OUT                       SHA256SUMS of everything that lies there
#
# All but the SDKs come out the same from the same programs and the same commit.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

fail() {
  printf 'artifacts: %s\n' "$1" >&2
  exit 1
}

[ $# -ge 2 ] || fail 'give what to make and where to: artifacts.sh programs|sdks|sums OUT'
what=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2
version=$("$root/scripts/release/version.py" show)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# archive NAME: the folder of this name in $work as NAME.tar.gz, with the licences.
archive() {
  install -m 644 -t "$work/$1" "$root/LICENSE" "$root/NOTICE" "$work/THIRD-PARTY-LICENCES"
  tar --create --directory "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" "$1" |
    gzip --no-name --best >"$out/$1.tar.gz"
  printf 'artifacts: %s\n' "$out/$1.tar.gz"
}

programs() {
  [ $# -eq 2 ] || fail 'give the folder of the programs and the plugin: artifacts.sh programs OUT PROGRAMS PLUGIN'
  local architecture name
  architecture=$(dpkg --print-architecture)
  [ -x "$1/kinemotion" ] || fail "there is no program $1/kinemotion"
  [ -f "$2" ] || fail "there is no plugin $2"

  "$root/scripts/release/crates.sh" >"$work/crates.txt"
  python3 "$root/scripts/release/licences.py" --crates "$work/crates.txt" --out "$work/THIRD-PARTY-LICENCES"

  name=kinemotion-$version-linux-$architecture
  mkdir "$work/$name"
  strip --strip-debug -o "$work/$name/kinemotion" "$1/kinemotion"
  install -m 644 -t "$work/$name" "$root/daemon/src/serve/kinemotion.toml"
  archive "$name"

  name=gst-kinemotion-$version-linux-$architecture
  mkdir "$work/$name"
  strip --strip-unneeded -o "$work/$name/libgstkinemotion.so" "$2"
  archive "$name"

  "$root/deploy/debian/build.sh" --programs "$1" --plugin "$2" --out "$out"

  python3 "$root/scripts/image/sbom.py" --name kinemotion --version "$version" --crates "$work/crates.txt" --repository "$root" \
    --architecture "$architecture" --out "$out/kinemotion-$version-linux-$architecture.cdx.json"
}

sdks() {
  [ -d "$root/web/node_modules" ] || fail 'the compiler of the pages also compiles an SDK: run `npm --prefix web ci`'
  # Of copies: both builds write beside their sources.
  mkdir -p "$work/sdk" "$work/web"
  cp -r "$root/sdk/python" "$root/sdk/js" "$work/sdk/"
  ln -s "$root/web/node_modules" "$work/web/node_modules"
  python3 -m pip wheel --quiet --no-deps --wheel-dir "$out" "$work/sdk/python"
  npm --prefix "$work/sdk/js" run --silent build
  (cd "$work/sdk/js" && npm pack --silent --pack-destination "$out") >/dev/null
  printf 'artifacts: %s\n' "$out"/kinemotion_client-*.whl "$out"/kinemotion-client-*.tgz
}

sums() {
  # Not of itself, and not where there is nothing.
  rm -f "$out/SHA256SUMS"
  [ -n "$(ls -A "$out")" ] || fail "there is nothing in $out"
  (cd "$out" && find . -maxdepth 1 -type f -printf '%P\0' | sort -z | xargs -0 sha256sum) >"$work/SHA256SUMS"
  mv "$work/SHA256SUMS" "$out/SHA256SUMS"
  chmod 644 "$out/SHA256SUMS"
}

case $what in
  programs | sdks | sums) "$what" "$@" ;;
  *) fail "$what is none of programs, sdks, sums" ;;
esac
