#!/usr/bin/env bash
# Looks whether packages of Debian in an image have known vulnerabilities for which there is a fix: scan.sh IMAGE. It asks Debian's
# security tracker (debsecan), and fails when it finds some: then the image is to be built again.
set -euo pipefail
image=${1:?give the image}
engine=${IMAGE_ENGINE:-docker}
command -v debsecan >/dev/null || { sudo apt-get update && sudo apt-get install -y --no-install-recommends debsecan; }
work=$(mktemp -d)
container=
finish() {
  [ -z "$container" ] || "$engine" rm "$container" >/dev/null
  rm -rf "$work"
}
trap finish EXIT
container=$("$engine" create "$image")
"$engine" cp "$container:/var/lib/dpkg/status.d" "$work/status.d"
"$engine" cp "$container:/var/lib/dpkg/status" "$work/status"
# Behind those of the base, a paragraph for each of the others.
for paragraph in "$work"/status.d/*; do
  printf '\n'
  sed -e '/^$/d' "$paragraph"
done >>"$work/status"
packages=$(grep -c '^Package: ' "$work/status")
found=$(debsecan --suite bookworm --only-fixed --format detail --status "$work/status")
if [ -n "$found" ]; then
  printf '%s\n' "$found"
  exit 1
fi
printf 'scan: %s packages of %s have no vulnerability that is fixed in Debian\n' "$packages" "$image"
