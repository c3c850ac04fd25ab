#!/usr/bin/env bash
# File → MP4, with the graphics on the picture. The picture keeps its size; sound is left out.
#
#   ATHLETE_HEIGHT=1.80 MOVEMENT=cmj pipelines/recipes/file-to-mp4.sh jump.mp4 jump-overlay.mp4
#
# Change: the two names, and of what common.sh lists MOVEMENT, ATHLETE_HEIGHT and QUALITY
. "$(dirname "$0")/common.sh"

if [ $# -ne 2 ]; then
  echo "usage: $0 CLIP OVERLAY.mp4" >&2
  exit 2
fi

# Players want 4:2:0 with even sides; an odd side gives way by one pixel.
exec gst-launch-1.0 -e filesrc location="$1" ! decodebin3 ! queue ! videoflip video-direction=auto ! videoconvert \
  ! $MEASURE ! kineoverlay ! queue ! videoconvertscale \
  ! "video/x-raw,format=I420,width=[2,16384,2],height=[2,16384,2]" \
  ! x264enc pass=qual quantizer=21 speed-preset=veryfast ! video/x-h264,profile=high ! h264parse \
  ! mp4mux faststart=true ! filesink location="$2"
