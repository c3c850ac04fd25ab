#!/usr/bin/env bash
# Builds an image: `build.sh [server|cli|gpu]`, as kinemotion:TARGET. Works with docker, podman and buildah.
#
#   IMAGE_ENGINE=podman   this one of them, else the first that is here
#   IMAGE_TAG=…           another name
#   STAND_IN=1            base images made on this machine, where no registry of images is reached; needs buildah and root
#   PROGRAMS=FOLDER       with `kinemotion`, `crates.txt` and `third-party-licences`: takes these instead of compiling, to try the rest
#   IMAGE_PLATFORM=…      for another processor, e.g. linux/arm64; needs emulation set up, or a builder that has one
#
# Further arguments go to the engine.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/image/common.sh

target=${1:-server}
[ $# -eq 0 ] || shift
case $target in
  server | cli | gpu) ;;
  *) fail "$target is none of server, cli, gpu" ;;
esac
engine=$(engine)
tag=${IMAGE_TAG:-kinemotion:$target}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
revision=$(git rev-parse HEAD 2>/dev/null || printf 'unknown')

options=(--target "$target" --tag "$tag" --file Dockerfile --build-arg "VERSION=$version" --build-arg "REVISION=$revision")
[ -z "${PROGRAMS:-}" ] || options+=(--build-context "programs=$PROGRAMS")
[ -z "${IMAGE_PLATFORM:-}" ] || options+=(--platform "$IMAGE_PLATFORM")
case $engine in
  # HEALTHCHECK is not in the format of OCI.
  podman | buildah) options+=(--layers --format docker) ;;
  docker) export DOCKER_BUILDKIT=1 ;;
esac
if [ -n "${STAND_IN:-}" ]; then
  [ "$engine" = buildah ] || fail "STAND_IN works with buildah, not with $engine: set IMAGE_ENGINE=buildah"
  scripts/image/bases.sh
  options+=(--pull-never --isolation chroot)
fi

case $engine in
  buildah) buildah bud "${options[@]}" "$@" . ;;
  *) "$engine" build "${options[@]}" "$@" . ;;
esac
printf 'image: built %s with %s\n' "$tag" "$engine"
[ -z "${STAND_IN:-}" ] || loud "$tag stands on stand-ins for the official base images: for tests only"
