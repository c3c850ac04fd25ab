#!/usr/bin/env bash
# Makes stand-ins for the base images of the Dockerfile, for machines that reach Debian's packages but no image registry:
#
#   debian:bookworm-slim     debootstrap, without what the official image leaves out too
#   rust:1.95-bookworm       the same with a C compiler and the Rust of this machine
#   node:22-bookworm-slim    the same with the Node of this machine
#
# They have the names of the official images in buildah's storage, so that the Dockerfile stays as it is. They are NOT the official
# images: what is built on them is for tests, never for passing on. Needs root, buildah and debootstrap.
set -euo pipefail
cd "$(dirname "$0")"
. ./common.sh

[ "$(id -u)" -eq 0 ] || fail 'stand-in bases need root'
has buildah && has debootstrap || fail 'stand-in bases need buildah and debootstrap: run `apt-get install buildah debootstrap`'
has rustc && has node || fail 'stand-in bases copy Rust and Node from this machine: run `make setup`'

loud 'these bases are stand-ins made on this machine, not the official images: for tests only'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Where this machine gets its packages from.
archive() {
  local found
  found=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/*.sources 2>/dev/null || true)
  [ -n "$found" ] || found=$(awk '$1 == "deb" { sub(/ \[[^]]*\]/, ""); print $2; exit }' /etc/apt/sources.list 2>/dev/null || true)
  [ -n "$found" ] || fail 'no archive of Debian packages is set up on this machine'
  printf '%s\n' "$found"
}

security_archive() {
  awk '/^URIs:.*security/ { print $2; exit }' /etc/apt/sources.list.d/*.sources 2>/dev/null || true
}

# Private authorities that sign for mirrors and proxies of this machine; only stages that fetch through TLS know them.
private_authorities() {
  find /usr/local/share/ca-certificates -name '*.crt' 2>/dev/null
}

# exists NAME: whether a stand-in (or an image of that name) is there already.
exists() {
  buildah inspect --type image "$1" >/dev/null 2>&1
}

# commit CONTAINER IMAGE
commit() {
  buildah config --label org.kinemotion.stand-in=true "$1" >/dev/null
  buildah commit --quiet --rm "$1" "docker.io/library/$2" >/dev/null
  printf 'bases: made %s\n' "$2"
}

# start_from_slim: a container of debian:bookworm-slim with the named packages and this machine's private authorities.
start_from_slim() {
  local container root authority
  container=$(buildah from --pull-never docker.io/library/debian:bookworm-slim)
  buildah run --isolation chroot "$container" -- sh -ec 'export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$@"
    rm -rf /var/lib/apt/lists/*' sh ca-certificates "$@" >"$work/packages.log" 2>&1 || { tail -n 15 "$work/packages.log" >&2; fail 'packages cannot be installed'; }
  root=$(buildah mount "$container")
  mkdir -p "$root/usr/local/share/ca-certificates"
  while read -r authority; do
    cp "$authority" "$root/usr/local/share/ca-certificates/"
  done < <(private_authorities)
  buildah run --isolation chroot "$container" -- update-ca-certificates >/dev/null 2>&1
  buildah umount "$container" >/dev/null
  # npm and pip look at lists of their own unless they are told.
  buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt --env PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$container"
  printf '%s\n' "$container"
}

make_slim() {
  local root=$work/root container mounted security
  debootstrap --variant=minbase bookworm "$root" "$(archive)" >"$work/debootstrap.log" 2>&1 || { tail -n 5 "$work/debootstrap.log" >&2; fail 'debootstrap failed'; }
  security=$(security_archive)
  rm -f "$root/etc/apt/sources.list"
  {
    printf 'Types: deb\nURIs: %s\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' "$(archive)"
    [ -z "$security" ] || printf '\nTypes: deb\nURIs: %s\nSuites: bookworm-security\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' "$security"
  } >"$root/etc/apt/sources.list.d/debian.sources"
  mkdir -p "$root/etc/dpkg/dpkg.cfg.d" "$root/etc/apt/apt.conf.d"
  printf 'path-exclude /usr/share/%s/*\n' doc man info locale >"$root/etc/dpkg/dpkg.cfg.d/slim"
  printf 'path-include /usr/share/doc/*/copyright\n' >>"$root/etc/dpkg/dpkg.cfg.d/slim"
  printf '%s\n' 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };' \
    'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";' >"$root/etc/apt/apt.conf.d/docker-clean"
  find "$root/usr/share/doc" ! -type d ! -name copyright -delete
  rm -rf "$root"/usr/share/{man,info,locale}/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/*
  # The official image is made again with every update.
  chroot "$root" sh -ec 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get upgrade -y -qq && rm -rf /var/lib/apt/lists/*' \
    >"$work/upgrade.log" 2>&1 || { tail -n 5 "$work/upgrade.log" >&2; fail 'packages cannot be upgraded'; }
  rm -rf "$root"/var/log/*
  rm -f "$root/etc/resolv.conf"
  container=$(buildah from scratch)
  mounted=$(buildah mount "$container")
  cp -a "$root/." "$mounted/"
  buildah umount "$container" >/dev/null
  buildah config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  commit "$container" debian:bookworm-slim
}

make_rust() {
  local container root tools name program
  container=$(start_from_slim gcc g++ libc6-dev make pkg-config)
  root=$(buildah mount "$container")
  tools=$(rustc --print sysroot)
  name=$(basename "$tools")
  mkdir -p "$root/usr/local/rustup/toolchains/$name" "$root/usr/local/cargo/bin"
  tar cf - -C "$tools" --exclude=share/doc --exclude=share/man . | tar xf - -C "$root/usr/local/rustup/toolchains/$name"
  for program in cargo rustc rustdoc; do
    ln -s "../../rustup/toolchains/$name/bin/$program" "$root/usr/local/cargo/bin/$program"
  done
  buildah umount "$container" >/dev/null
  buildah config --env CARGO_HOME=/usr/local/cargo \
    --env PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  commit "$container" rust:1.95-bookworm
}

make_node() {
  local container root program modules
  container=$(start_from_slim libstdc++6)
  root=$(buildah mount "$container")
  program=$(readlink -f "$(command -v node)")
  modules=$(dirname "$(readlink -f "$(command -v npm)")")/../..
  cp "$program" "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules"
  cp -a "$modules/npm" "$root/usr/local/lib/node_modules/"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  buildah umount "$container" >/dev/null
  commit "$container" node:22-bookworm-slim
}

exists docker.io/library/debian:bookworm-slim || make_slim
exists docker.io/library/rust:1.95-bookworm || make_rust
exists docker.io/library/node:22-bookworm-slim || make_node
