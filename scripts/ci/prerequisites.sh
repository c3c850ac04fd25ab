#!/usr/bin/env bash
# Installs what README.md asks for before `make`, on a fresh Debian in a workflow. Run in the checkout.
set -euo pipefail
rust=1.95
# Renders the manifests for `make check-deploy`; Debian 12 has none that is new enough.
kubectl=v1.32.4

apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
  ca-certificates curl git make gcc libc6-dev python3 python3-pip python3-venv nodejs npm
curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c clippy,rustfmt --default-toolchain "$rust"
at=https://dl.k8s.io/release/$kubectl/bin/linux/$(dpkg --print-architecture)/kubectl
work=$(mktemp -d)
curl --proto '=https' --tlsv1.2 -sSfL -o "$work/kubectl" "$at"
printf '%s  %s\n' "$(curl --proto '=https' --tlsv1.2 -sSfL "$at.sha256")" "$work/kubectl" | sha256sum --check --status
install -m 755 "$work/kubectl" /usr/local/bin/kubectl
rm -r "$work"
# The checkout belongs to another user than that of the container.
git config --global --add safe.directory "$PWD"
if [ -n "${GITHUB_PATH:-}" ]; then
  printf '%s\n' "$HOME/.cargo/bin" >>"$GITHUB_PATH"
fi
