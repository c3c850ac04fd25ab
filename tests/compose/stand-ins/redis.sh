#!/bin/sh
# Other containers may ask without a password: the official image is compiled so, Debian's redis has to be told.
set -eu
exec setpriv --reuid=redis --regid=redis --init-groups -- "$@" --protected-mode no
