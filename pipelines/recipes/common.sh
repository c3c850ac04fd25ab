# What the recipes share; they read it, it is not run by itself. Every setting is an environment variable.
#
#   MOVEMENT        auto | cmj | squatjump | dropjump | repeatedjumps | squat | running | walking   (auto)
#   ATHLETE_HEIGHT  metres (unknown)
#   QUALITY         fast | balanced | accurate (balanced)
#   WIDTH, HEIGHT   size of the live picture (1280x720); the graphics are drawn at this size, so do not scale behind them
#   BITRATE         of live video, kbit/s (4000)
#   EVERY_FRAME     yes: a file in place of a camera waits when the machine is too slow or the receiver is not there yet, instead of
#                   leaving frames out (no)
#   GST_PLUGIN_PATH folder with libgstkinemotion.so (where `make build` puts it)

set -euo pipefail
# A piece of a pipeline is split at its spaces when it is used, and nothing else is done to it.
set -f

export GST_PLUGIN_PATH=${GST_PLUGIN_PATH:-$(dirname "${BASH_SOURCE[0]}")/../../target/plugins}
# ONNX Runtime tells its maker about machines unless this is 1.
export ORT_DISABLE_TELEMETRY=1
if ! gst-inspect-1.0 kinemotion >/dev/null 2>&1; then
  echo "the kinemotion plugin is not in $GST_PLUGIN_PATH: run \`make build\`, or set GST_PLUGIN_PATH" >&2
  exit 1
fi

case ${EVERY_FRAME:-no} in
  yes) LEAKY=no SKIP_LATE=false WAIT=true ;;
  *) LEAKY=downstream SKIP_LATE=true WAIT=false ;;
esac
MEASURE="kinepose quality=${QUALITY:-balanced} skip-late=$SKIP_LATE \
  ! kinephase movement=${MOVEMENT:-auto}${ATHLETE_HEIGHT:+ athlete-height=$ATHLETE_HEIGHT}"

# Between threads two frames may wait; then a camera's older one is dropped.
QUEUE="queue leaky=$LEAKY max-size-buffers=2 max-size-bytes=0 max-size-time=0"
# The size of the picture and 4:2:0: left to itself x264 takes 4:4:4 from some sources, which hardly anything plays.
PICTURE="videoconvertscale ! video/x-raw,format=I420,width=${WIDTH:-1280},height=${HEIGHT:-720},pixel-aspect-ratio=1/1"
# H.264 without delay for anybody who joins late: a key frame at least every 60 frames, parameter sets every second.
H264="x264enc tune=zerolatency speed-preset=superfast key-int-max=60 bitrate=${BITRATE:-4000} \
  ! video/x-h264,profile=high ! h264parse config-interval=1"
# SRT takes MPEG-TS in packets of 7 × 188 bytes. Nobody at the other end does not hold up a camera.
SRT="mpegtsmux alignment=7 ! srtsink wait-for-connection=$WAIT uri"
