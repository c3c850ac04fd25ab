#!/usr/bin/env bash
# Camera → numbers, one JSON object per line, for whoever connects: graphics engines, score boards, `nc 127.0.0.1 7000`.
#
#   pipelines/recipes/metrics-to-tcp.sh
#   SOURCE="v4l2src device=/dev/video2" POSES=true PORT=7100 pipelines/recipes/metrics-to-tcp.sh
#
# Change: SOURCE        element that gives the picture (v4l2src)
#         ADDRESS, PORT where it listens (127.0.0.1, 7000); 0.0.0.0 lets other machines in
#         POSES         true also gives the 33 landmarks of every frame (false)
#         and what common.sh lists
. "$(dirname "$0")/common.sh"

# Who lags more than a thousand lines behind is disconnected. Nothing is shown, so nothing is waited for: sync, async.
exec gst-launch-1.0 -e ${SOURCE:-v4l2src} ! $QUEUE ! $PICTURE ! $MEASURE \
  ! kinejson poses=${POSES:-false} \
  ! tcpserversink host=${ADDRESS:-127.0.0.1} port=${PORT:-7000} buffers-max=1000 sync=false async=false
