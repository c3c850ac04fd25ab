#!/usr/bin/env bash
# Camera → SRT, with the graphics on the picture.
#
#   pipelines/recipes/camera-to-srt.sh
#   SOURCE="v4l2src device=/dev/video2" DESTINATION=srt://mixer.example:9000 pipelines/recipes/camera-to-srt.sh
#
# Change: SOURCE       element that gives the picture (v4l2src)
#         DESTINATION  srt://HOST:PORT calls a receiver; by default mixers and players call srt://THIS-MACHINE:7001
#         and what common.sh lists
. "$(dirname "$0")/common.sh"

exec gst-launch-1.0 -e ${SOURCE:-v4l2src} ! $QUEUE ! $PICTURE \
  ! $MEASURE ! kineoverlay ! $QUEUE ! $H264 ! $SRT="${DESTINATION:-srt://:7001?mode=listener}"
