#!/bin/sh
# Options alone are those of the server.
set -eu
case ${1:-} in -*) set -- turnserver "$@" ;; esac
exec "$@"
