# What the scripts of this folder share; they source it.

fail() {
  printf 'image: %s\n' "$1" >&2
  exit 1
}

loud() {
  printf 'image: WARNING: %s\n' "$1" >&2
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# The program that builds and runs images: IMAGE_ENGINE, else the first of docker, podman and buildah that works here.
engine() {
  if [ -n "${IMAGE_ENGINE:-}" ]; then
    case $IMAGE_ENGINE in
      docker | podman | buildah) ;;
      *) fail "IMAGE_ENGINE is $IMAGE_ENGINE: docker, podman and buildah are known" ;;
    esac
    has "$IMAGE_ENGINE" || fail "IMAGE_ENGINE is $IMAGE_ENGINE, which is not installed"
    printf '%s\n' "$IMAGE_ENGINE"
  elif has docker && docker info >/dev/null 2>&1; then
    printf 'docker\n'
  elif has podman; then
    printf 'podman\n'
  elif has buildah; then
    printf 'buildah\n'
  else
    fail 'there is no docker that answers, no podman and no buildah: run `apt-get install buildah runc`'
  fi
}
