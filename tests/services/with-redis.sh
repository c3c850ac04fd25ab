#!/usr/bin/env bash
# Runs a command with a Redis server of its own, named by KINEMOTION_TEST_REDIS. Nothing of it is left afterwards.
#
#   tests/services/with-redis.sh python3 tests/cluster/cluster.py --programs target/release --cache DIR
set -euo pipefail

command -v redis-server >/dev/null || { echo "with-redis: Redis is missing: run \`make setup-tests\`" >&2; exit 1; }

work=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" || true; }
  rm -rf "$work"
}
trap stop EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
redis-server --bind 127.0.0.1 --port "$port" --dir "$work" --save '' --appendonly no >"$work/server.log" 2>&1 &
server=$!
until redis-cli -p "$port" ping >/dev/null 2>&1; do
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
  sleep 0.1
done

KINEMOTION_TEST_REDIS="redis://127.0.0.1:$port" "$@"
