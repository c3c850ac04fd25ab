#!/usr/bin/env bash
# RTSP camera → HLS, with the graphics on the picture: a folder that any web server hands to browsers and phones.
#
#   pipelines/recipes/rtsp-to-hls.sh rtsp://camera.example/stream /var/www/live
#
# Change: the address and the folder; index.m3u8 in it is what players open
#         LATENCY  how long packets of the camera may be late, ms (200)
#         and what common.sh lists
. "$(dirname "$0")/common.sh"

if [ $# -ne 2 ]; then
  echo "usage: $0 rtsp://CAMERA FOLDER" >&2
  exit 2
fi
mkdir -p "$2"

# The latest ten segments of two seconds stay in the folder.
exec gst-launch-1.0 -e rtspsrc location="$1" latency=${LATENCY:-200} ! application/x-rtp,media=video ! decodebin3 \
  ! $QUEUE ! $PICTURE ! $MEASURE ! kineoverlay ! $QUEUE ! $H264 \
  ! hlssink2 location="$2/segment%05d.ts" playlist-location="$2/index.m3u8" target-duration=2 playlist-length=5 max-files=10
