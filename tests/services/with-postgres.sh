#!/usr/bin/env bash
# Runs a command with a Postgres server of its own, named by KINEMOTION_TEST_POSTGRES. Nothing of it is left afterwards.
#
#   tests/services/with-postgres.sh cargo test -p kinemotion
set -euo pipefail

# Debian keeps the programs out of PATH, a folder for each version.
programs=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$programs" ] || { echo "with-postgres: Postgres is missing: run \`make setup-tests\`" >&2; exit 1; }

work=$(mktemp -d)
as=()
if [ "$(id -u)" -eq 0 ]; then
  # Postgres refuses to run as root.
  as=(runuser -u postgres --)
  chown postgres "$work"
fi
cd "$work"

stop() {
  "${as[@]}" "$programs/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap stop EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"${as[@]}" "$programs/initdb" -D "$work/data" -A trust -U kinemotion --no-sync >/dev/null
"${as[@]}" "$programs/pg_ctl" -D "$work/data" -l "$work/data/server.log" -w \
  -o "-c listen_addresses=127.0.0.1 -p $port -k $work -c fsync=off -c max_connections=500" start >/dev/null ||
  { cat "$work/data/server.log" >&2; exit 1; }

cd "$OLDPWD"
KINEMOTION_TEST_POSTGRES="postgres://kinemotion@127.0.0.1:$port" "$@"
