#!/bin/bash
# Called before a container is told to end (preStop). SIGTERM ends live analyses at once, so it should come when there are none, or after
# LIVE_S seconds. New analyses go to other replicas meanwhile: one that ends is no endpoint of the service kinemotion any more.
set -u
live='^kinemotion_analyses\{state="(waiting|connecting|live|stalled|finishing)"\} ([0-9]+)'

# Analyses that run here; fails when the daemon does not answer.
running() {
  local line count=0 seen=
  exec 3<>"/dev/tcp/$POD_IP/${ADMIN_PORT:-8081}" || return 1
  printf 'GET /metrics HTTP/1.0\r\nHost: %s\r\n\r\n' "$POD_IP" >&3
  while read -r line <&3; do
    if [[ $line =~ $live ]]; then
      seen=yes
      count=$((count + BASH_REMATCH[2]))
    fi
  done
  exec 3>&-
  [ "$seen" ] && echo "$count"
}

# Until every balancer has heard that this one ends.
sleep "${SETTLE_S:-10}"
# When it does not answer it has ended already.
while count=$(running 2>/dev/null) && [ "$count" -gt 0 ]; do
  echo "$count analyses run here"
  [ "$SECONDS" -lt "$LIVE_S" ] || exit 0
  sleep 2
done
