#!/usr/bin/env bash
# Makes the packages for Debian from programs that are built:
#
#   deploy/debian/build.sh --programs target/release --plugin target/plugins/libgstkinemotion.so --out out/deb
#
# The same programs and the same commit give the same bytes. REVISION (1) is the part of the version after the dash, for packages that
# are made anew from the same programs; COMPRESSION (xz) is what dpkg-deb has.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

fail() {
  printf 'deb: %s\n' "$1" >&2
  exit 1
}

programs= plugin= out=
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || fail "$1 needs a value"
  case $1 in
    --programs) programs=$2 ;;
    --plugin) plugin=$2 ;;
    --out) out=$2 ;;
    *) fail "$1 is none of --programs, --plugin, --out" ;;
  esac
  shift 2
done
[ -n "$out" ] || fail 'where to is missing: --out FOLDER'
[ -x "$programs/kinemotion" ] || fail "there is no program $programs/kinemotion: run \`make build\`"
[ -f "$plugin" ] || fail "there is no plugin $plugin: run \`make build\`"
command -v dpkg-shlibdeps >/dev/null || fail 'dpkg-shlibdeps is missing: run `apt-get install dpkg-dev`'

upstream=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
version=$upstream-${REVISION:-1}
architecture=$(dpkg --print-architecture)
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
out=$(cd "$out" && pwd)

# compressed FILE TO: without the name and the time of the file.
compressed() {
  mkdir -p "$(dirname "$2")"
  gzip --no-name --best --stdout "$1" >"$2"
  chmod 644 "$2"
}

# documented TREE PACKAGE: what every package says about itself.
documented() {
  local folder=$1/usr/share/doc/$2
  mkdir -p "$folder"
  # In the format of copyright files a line of a text is indented, and an empty one is a dot.
  awk -v notice="$root/NOTICE" -v licence="$root/LICENSE" '
    function indented(file, line) { while ((getline line < file) > 0) print (line ~ /^[ \t]*$/ ? " ." : " " line) }
    /^@NOTICE@$/ { indented(notice); next }
    /^@LICENCE@$/ { indented(licence); next }
    { print }' "$here/copyright" >"$folder/copyright"
  compressed "$work/third-party-licences" "$folder/third-party-licences.gz"
  compressed "$root/CHANGELOG.md" "$folder/changelog.gz"
  cat >"$work/changelog" <<CHANGES
kinemotion ($version) unstable; urgency=medium

  * What is new is in changelog.gz.

 -- The kinemotion developers <kinemotion@users.noreply.github.com>  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGES
  compressed "$work/changelog" "$folder/changelog.Debian.gz"
  if [ -f "$here/$2/lintian-overrides" ]; then
    install -D -m 644 "$here/$2/lintian-overrides" "$1/usr/share/lintian/overrides/$2"
  fi
}

# libraries FILE: the packages of the libraries that a program needs, with their versions.
libraries() {
  mkdir -p "$work/source/debian"
  printf 'Source: kinemotion\n\nPackage: kinemotion\nArchitecture: any\n' >"$work/source/debian/control"
  (cd "$work/source" && dpkg-shlibdeps -O -e"$1" 2>"$work/shlibdeps") | sed -n 's/^shlibs:Depends=//p' || {
    cat "$work/shlibdeps" >&2
    fail "the libraries of $1 are not known to dpkg"
  }
}

# packed TREE PACKAGE PROGRAM: the package of a tree.
packed() {
  local needed size
  needed=$(libraries "$3")
  [ -n "$needed" ] || fail "$3 needs no library of any package, which cannot be"
  size=$(du --apparent-size -k -s "$1" | cut -f 1)
  mkdir "$1/DEBIAN"
  sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@LIBRARIES@/$needed/" -e "s/@SIZE@/$size/" \
    "$here/$2/control" >"$1/DEBIAN/control"
  local script
  for script in postinst prerm postrm; do
    [ ! -f "$here/$2/$script" ] || install -m 755 "$here/$2/$script" "$1/DEBIAN/$script"
  done
  if [ -d "$1/etc" ]; then
    (cd "$1" && find etc -type f -printf '/%p\n' | sort) >"$1/DEBIAN/conffiles"
  fi
  (cd "$1" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum) >"$1/DEBIAN/md5sums"
  local file=$out/${2}_${version}_$architecture.deb
  dpkg-deb --root-owner-group -Z"${COMPRESSION:-xz}" --build "$1" "$file" >"$work/dpkg-deb" || {
    cat "$work/dpkg-deb" >&2
    fail "$2 could not be packed"
  }
  printf 'deb: %s\n' "$file"
}

"$root/scripts/release/crates.sh" >"$work/crates.txt"
python3 "$root/scripts/release/licences.py" --crates "$work/crates.txt" --out "$work/third-party-licences"

tree=$work/kinemotion
install -d "$tree/usr/bin"
# Symbols stay, so that profiles have names; what debuggers need beyond that goes.
strip --strip-debug -o "$tree/usr/bin/kinemotion" "$programs/kinemotion"
chmod 755 "$tree/usr/bin/kinemotion"
install -D -m 755 "$here/kinemotion/until-ready" "$tree/usr/libexec/kinemotion/until-ready"
install -D -m 755 "$here/kinemotion/kinemotion-admin" "$tree/usr/sbin/kinemotion-admin"
install -D -m 644 "$here/kinemotion/kinemotion.service" "$tree/lib/systemd/system/kinemotion.service"
install -D -m 644 "$here/kinemotion/sysusers.conf" "$tree/usr/lib/sysusers.d/kinemotion.conf"
install -D -m 644 "$here/kinemotion/tmpfiles.conf" "$tree/usr/lib/tmpfiles.d/kinemotion.conf"
install -D -m 644 "$here/kinemotion/kinemotion.toml" "$tree/etc/kinemotion/kinemotion.toml"
install -D -m 644 -t "$tree/usr/share/doc/kinemotion/examples" "$here"/kinemotion/examples/* "$root/daemon/src/serve/kinemotion.toml"
install -D -m 644 -t "$tree/usr/share/doc/kinemotion" "$root/docs/operations/install.md"
python3 "$here/manual.py" "$tree/usr/bin/kinemotion" >"$work/kinemotion.1"
compressed "$work/kinemotion.1" "$tree/usr/share/man/man1/kinemotion.1.gz"
compressed "$here/kinemotion/kinemotion-admin.8" "$tree/usr/share/man/man8/kinemotion-admin.8.gz"
documented "$tree" kinemotion
packed "$tree" kinemotion "$tree/usr/bin/kinemotion"

tree=$work/gst-kinemotion
install -d "$tree/usr/lib/$triplet/gstreamer-1.0"
strip --strip-unneeded -o "$tree/usr/lib/$triplet/gstreamer-1.0/libgstkinemotion.so" "$plugin"
chmod 644 "$tree/usr/lib/$triplet/gstreamer-1.0/libgstkinemotion.so"
documented "$tree" gst-kinemotion
packed "$tree" gst-kinemotion "$tree/usr/lib/$triplet/gstreamer-1.0/libgstkinemotion.so"
