#!/usr/bin/env bash
# Makes the release of the version out of a folder with its files: publish.sh FOLDER. It needs `gh` and the tag, and changes nothing that
# is published already.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -eq 1 ] && [ -f "$1/SHA256SUMS" ] || { printf 'publish: give the folder with SHA256SUMS and what it lists\n' >&2; exit 1; }
(cd "$1" && sha256sum --check --strict --quiet SHA256SUMS)
version=$("$root/scripts/release/version.py" show)
tag=v$version
"$root/scripts/release/version.py" check "$tag"
notes=$(mktemp)
trap 'rm -f "$notes"' EXIT
"$root/scripts/release/notes.py" "$version" >"$notes"
options=(--verify-tag --title "kinemotion $version" --notes-file "$notes")
case $version in
  *-*) options+=(--prerelease) ;;
esac
cd "$root"
gh release create "$tag" "${options[@]}" "$1"/*
