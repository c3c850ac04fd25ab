#!/usr/bin/env bash
# Several cameras → one picture, each with its own measurement and graphics, side by side in rows of two.
#
#   pipelines/recipes/multi-view.sh "v4l2src device=/dev/video0" "v4l2src device=/dev/video2"
#
# Change: the sources, one argument each
#         OUTPUT  where the picture goes, as the end of a pipeline that takes raw video (autovideosink); for SRT see camera-to-srt.sh
#         FPS     of the joint picture (30)
#         WIDTH and HEIGHT are those of one view (640x360); and what else common.sh lists
WIDTH=${WIDTH:-640} HEIGHT=${HEIGHT:-360}
. "$(dirname "$0")/common.sh"

if [ $# -lt 1 ]; then
  echo "usage: $0 SOURCE…" >&2
  exit 2
fi

views=() places=()
for source in "$@"; do
  number=$((${#places[@]} / 2))
  places+=("sink_$number::xpos=$((number % 2 * WIDTH))" "sink_$number::ypos=$((number / 2 * HEIGHT))")
  views+=($source ! $QUEUE ! $PICTURE ! $MEASURE ! kineoverlay ! $QUEUE ! "views.sink_$number")
done

# The joint picture has its size before the first camera gives one. The compositor begins its time anew when cameras join: videorate
# drops what would go back.
columns=$(($# < 2 ? $# : 2)) rows=$((($# + 1) / 2))
joint="video/x-raw,width=$((columns * WIDTH)),height=$((rows * HEIGHT)),framerate=${FPS:-30}/1,pixel-aspect-ratio=1/1"

exec gst-launch-1.0 -e compositor name=views background=black "${places[@]}" ! $joint ! videorate ! queue ! videoconvert \
  ! ${OUTPUT:-autovideosink} "${views[@]}"
