#!/usr/bin/env bash
# Installs what README.md asks for before `make`, on a fresh Debian in a workflow. Run in the checkout.
set -euo pipefail
rust=1.95

apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
  ca-certificates curl git make gcc libc6-dev python3 python3-pip python3-venv nodejs npm
curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c clippy,rustfmt --default-toolchain "$rust"
# The checkout belongs to another user than that of the container.
git config --global --add safe.directory "$PWD"
if [ -n "${GITHUB_PATH:-}" ]; then
  printf '%s\n' "$HOME/.cargo/bin" >>"$GITHUB_PATH"
fi
