#!/bin/sh
# libnice.sh OUT: builds libnice from Debian's source, patches included, without UPnP: asking home routers for ports is of no use in a
# container, and takes 40 MB of libraries (XML, Unicode tables). GStreamer's plugin takes this one, as its name and interface
# are the same. Runs in a stage of the Dockerfile, as root.
set -eu
out=$1

sources=/etc/apt/sources.list.d/debian.sources
sed 's/^Types: deb$/Types: deb-src/' "$sources" >/etc/apt/sources.list.d/source.sources
apt-get update
apt-get install -y --no-install-recommends dpkg-dev gcc libc6-dev libglib2.0-dev libgnutls28-dev meson
installed=$(apt-cache policy libnice10 | awk '/Candidate:/ { print $2 }')
version=${installed#*:}
work=$(mktemp -d)
cd "$work"
apt-get source "libnice=$installed"
cd "libnice-${version%-*}"
libraries=lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
CFLAGS=$(dpkg-buildflags --get CFLAGS) CPPFLAGS=$(dpkg-buildflags --get CPPFLAGS) LDFLAGS=$(dpkg-buildflags --get LDFLAGS) \
  meson setup build --prefix=/usr --libdir="$libraries" --buildtype=release --strip \
  -Dgupnp=disabled -Dgstreamer=disabled -Dexamples=disabled -Dtests=disabled -Dgtk_doc=disabled -Dintrospection=disabled
DESTDIR="$work/installed" meson install -C build
mkdir -p "$out/usr/$libraries"
cp -a "$work/installed/usr/$libraries"/libnice.so.* "$out/usr/$libraries/"
rm -rf "$work"
