#!/usr/bin/env bash
# Lists the crates that `kinemotion` is made of, as sbom.py and licences.py read them: name, version and licence, a line each. `cargo
# tree` marks what it has said before with (*).
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo tree --locked -p kinemotion --edges normal,no-proc-macro --prefix none --format '{p}|{l}'
