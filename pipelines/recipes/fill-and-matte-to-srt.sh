#!/usr/bin/env bash
# Camera → the graphics alone as two SRT streams, for mixers that key over the network: the graphics on black (fill) and their
# opacity as grey (matte), which go to the fill and the key input of a linear ("luma") keyer set to premultiplied.
#
#   pipelines/recipes/fill-and-matte-to-srt.sh
#
# Change: SOURCE  element that gives the picture (v4l2src)
#         FILL    srt://HOST:PORT of the receiver of the fill; by default receivers call srt://THIS-MACHINE:7002
#         MATTE   the same of the matte; by default srt://THIS-MACHINE:7003
#         and what common.sh lists
# Give both receivers the same SRT latency, so that the two stay together. A mixer with one input only takes the fill alone
# through its luma keyer; the dark panels behind the numbers are lost then.
. "$(dirname "$0")/common.sh"

exec gst-launch-1.0 -e ${SOURCE:-v4l2src} ! $QUEUE ! $PICTURE ! $MEASURE ! tee name=analysed \
  analysed. ! $QUEUE ! kineoverlay mode=fill ! $PICTURE ! $H264 ! $SRT="${FILL:-srt://:7002?mode=listener}" \
  analysed. ! $QUEUE ! kineoverlay mode=matte ! $PICTURE ! $H264 ! $SRT="${MATTE:-srt://:7003?mode=listener}"
