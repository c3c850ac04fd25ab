#!/usr/bin/env bash
# Camera → the clean picture, and the graphics alone with alpha, for a mixer that lays one over the other.
#
#   pipelines/recipes/key-and-fill.sh
#   CLEAN="autovideosink" GRAPHICS="decklinkvideosink …" pipelines/recipes/key-and-fill.sh
#
# Change: SOURCE    element that gives the picture (v4l2src)
#         CLEAN     where the picture goes, as the end of a pipeline (SRT: receivers call srt://THIS-MACHINE:7001)
#         GRAPHICS  where the graphics go, as the end of a pipeline that takes BGRA with straight alpha. By default a DeckLink
#                   card in external keying: it gives fill and key at two SDI connectors. MODE is its video mode (1080p25),
#                   FPS the frame rate of that mode (25)
#         and what common.sh lists; here the picture is 1920x1080, since the card's mode says so
WIDTH=${WIDTH:-1920} HEIGHT=${HEIGHT:-1080}
. "$(dirname "$0")/common.sh"

DECKLINK="videorate ! video/x-raw,framerate=${FPS:-25}/1 \
  ! decklinkvideosink mode=${MODE:-1080p25} video-format=8bit-bgra keyer-mode=external"

exec gst-launch-1.0 -e ${SOURCE:-v4l2src} ! $QUEUE ! $PICTURE ! $MEASURE ! tee name=analysed \
  analysed. ! $QUEUE ! ${CLEAN:-$H264 ! $SRT=srt://:7001?mode=listener} \
  analysed. ! $QUEUE ! kineoverlay mode=key ! videoconvert ! video/x-raw,format=BGRA ! ${GRAPHICS:-$DECKLINK}
