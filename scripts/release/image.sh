#!/usr/bin/env bash
# What a release does with the images that `make image-test` has built, with buildah:
#
#   image.sh bills OUT      writes the bill of materials of each image
#   image.sh save OUT       writes each image into a file
#   image.sh push FOLDER    pushes those of all architectures, together as IMAGE:VERSION and IMAGE:VERSION-cli, and says their digests to
#                           the workflow: outputs `server` and `cli`
#
# ARCHITECTURE is amd64 or arm64, IMAGE the name with the registry before it, REGISTRY_TOKEN the password there.
set -euo pipefail
script=$(realpath "$0")
root=$(cd "$(dirname "$script")/../.." && pwd)
targets=(server cli)
architectures=(amd64 arm64)

fail() {
  printf 'image: %s\n' "$1" >&2
  exit 1
}

# needed NAME WHAT: fails where a variable is not set.
needed() {
  [ -n "${!1:-}" ] || fail "$1 is not set: $2"
}

# tag TARGET: under what an image is published.
tag() {
  case $1 in
    server) printf '%s\n' "$version" ;;
    *) printf '%s-%s\n' "$version" "$1" ;;
  esac
}

bill() {
  local container folder
  container=$(buildah from --pull-never "$1")
  folder=$(buildah mount "$container")
  cp "$folder/usr/share/kinemotion/sbom.cdx.json" "$2"
  buildah rm "$container" >/dev/null
}

[ $# -eq 2 ] || fail 'give what to do and a folder: image.sh bills|save|push FOLDER'
version=$("$root/scripts/release/version.py" show)
case $1 in
  bills)
    needed ARCHITECTURE 'amd64 or arm64'
    # Who is not root sees files of an image only in a name space of their own.
    if [ "$(id -u)" -ne 0 ]; then
      exec buildah unshare -- "$script" "$@"
    fi
    mkdir -p "$2"
    for target in "${targets[@]}"; do
      bill "kinemotion:$target" "$2/kinemotion-$version-image-$target-$ARCHITECTURE.cdx.json"
    done
    ;;
  save)
    needed ARCHITECTURE 'amd64 or arm64'
    mkdir -p "$2"
    for target in "${targets[@]}"; do
      # The format of OCI has no HEALTHCHECK.
      buildah push "kinemotion:$target" "docker-archive:$2/$target-$ARCHITECTURE.tar:kinemotion:$target"
    done
    ;;
  push)
    needed IMAGE 'the name of the image with its registry, in workflows the variable IMAGE_NAME of the repository'
    needed REGISTRY_TOKEN 'the password at the registry'
    for target in "${targets[@]}"; do
      for architecture in "${architectures[@]}"; do
        [ -f "$2/$target-$architecture.tar" ] || fail "there is no $2/$target-$architecture.tar: \`image.sh save\` makes it"
      done
    done
    buildah login --username "${GITHUB_ACTOR:-kinemotion}" --password-stdin "${IMAGE%%/*}" <<<"$REGISTRY_TOKEN"
    digest=$(mktemp)
    trap 'rm -f "$digest"' EXIT
    for target in "${targets[@]}"; do
      name=$IMAGE:$(tag "$target")
      list=kinemotion-$target-list
      buildah manifest create "$list" >/dev/null
      for architecture in "${architectures[@]}"; do
        image=$(buildah pull --quiet "docker-archive:$2/$target-$architecture.tar")
        buildah push --format v2s2 "$image" "docker://$name-$architecture"
        buildah manifest add "$list" "docker://$name-$architecture" >/dev/null
      done
      buildah manifest push --all --format v2s2 --digestfile "$digest" "$list" "docker://$name"
      printf '%s=%s\n' "$target" "$(cat "$digest")" >>"${GITHUB_OUTPUT:-/dev/stdout}"
    done
    ;;
  *) fail "$1 is none of bills, save, push" ;;
esac
