#!/bin/sh
# An empty volume becomes a database of POSTGRES_USER's; meanwhile the server answers at its socket only, as the official image does it.
set -eu
data=/var/lib/postgresql/data

if [ "$(id -u)" -eq 0 ]; then
  chown postgres "$data"
  exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0"
fi
if [ ! -e "$data/PG_VERSION" ]; then
  printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
  initdb -D "$data" --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  pg_ctl -D "$data" -w -o "-c listen_addresses=''" start
  createdb --username="$POSTGRES_USER" --maintenance-db=postgres "$POSTGRES_USER"
  pg_ctl -D "$data" -m fast -w stop
fi
exec postgres -D "$data" -c 'listen_addresses=*'
