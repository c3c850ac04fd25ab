#!/bin/sh
# libav.sh OUT: builds the libraries of FFmpeg from Debian's source, patches included, with nothing but the decoders that analyses
# of files and streams meet. Debian's own build brings 160 MB of encoders, subtitles, speech and hardware with it; GStreamer's
# plugin for it takes these instead, as their names and versions are the same. Runs in a stage of the Dockerfile, as root.
set -eu
out=$1

# Video only: sound is never decoded. VP8, VP9, AV1 and Motion JPEG have decoders of their own in GStreamer.
decoders=h264,hevc,h263,mpeg1video,mpeg2video,mpeg4,msmpeg4v2,msmpeg4v3,wmv3,vc1,prores,dnxhd
parsers=h264,hevc,h263,mpegvideo,mpeg4video,vc1,dnxhd

sources=/etc/apt/sources.list.d/debian.sources
sed 's/^Types: deb$/Types: deb-src/' "$sources" >/etc/apt/sources.list.d/source.sources
apt-get update
apt-get install -y --no-install-recommends dpkg-dev gcc libc6-dev make nasm
installed=$(apt-cache policy libavcodec59 | awk '/Candidate:/ { print $2 }')
version=${installed#*:}
work=$(mktemp -d)
cd "$work"
apt-get source "ffmpeg=$installed"
cd "ffmpeg-${version%-*}"
libraries=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
./configure --prefix=/usr --libdir="$libraries" --toolchain=hardened --enable-shared --disable-static \
  --disable-everything --disable-autodetect --disable-programs --disable-doc --disable-network --disable-debug \
  --disable-avdevice --disable-swresample --disable-swscale \
  --enable-decoder="$decoders" --enable-parser="$parsers"
make -j "$(nproc)"
make install-libs DESTDIR="$work/installed"
mkdir -p "$out$libraries"
cp -a "$work/installed$libraries"/lib*.so.* "$out$libraries/"
rm -rf "$work"
