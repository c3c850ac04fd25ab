#!/usr/bin/env bash
# Installs the packages of a folder on this machine, which needs systemd and no earlier installation: installed.sh FOLDER. Fetches models,
# starts the daemon, lets it measure live and a file, and removes all of it. For machines that are thrown away afterwards.
set -euo pipefail
folder=$(cd "${1:?give the folder of the packages}" && pwd)
[ -d /run/systemd/system ] || { printf 'installed: this machine is not run by systemd\n' >&2; exit 1; }
[ ! -e /usr/bin/kinemotion ] || { printf 'installed: kinemotion is installed here already\n' >&2; exit 1; }
api=http://127.0.0.1:8080/api/v1
trap 'journalctl --unit kinemotion --no-pager --lines 50' ERR

# until_state STATE ADDRESS: waits for an analysis, no longer than two minutes.
until_state() {
  local give_up=$((SECONDS + 120)) state=
  until [ "$state" = "$1" ]; do
    [ "$SECONDS" -lt "$give_up" ] || { printf 'installed: %s is %s and not %s\n' "$2" "$state" "$1" >&2; return 1; }
    sleep 0.5
    state=$(curl -fsS "$2" | jq -r .status)
  done
}

sudo apt-get update
sudo apt-get install -y jq "$folder"/kinemotion_*.deb "$folder"/gst-kinemotion_*.deb
gst-inspect-1.0 kinemotion >/dev/null
sudo kinemotion-admin models pull
sudo systemctl enable --now kinemotion
kinemotion health
systemd-analyze security --no-pager kinemotion.service | tail -n 1

# Live: the demo athlete, until a repetition is measured.
made=$(curl -fsS "$api/analyses" -H 'Content-Type: application/json' \
  -d '{"sport_type": "cmj", "input": {"demo": true}, "athlete": {"height_m": 1.8}, "record": true}')
id=$(jq -r .analysis_id <<<"$made")
grep -m 1 -q jump_height_m < <(timeout 120 curl -fsSN "$api/analyses/$id/stream?types=repetition")
[ "$(curl -fsS "$api/repetitions?limit=1" | jq '.repetitions | length')" -eq 1 ]
curl -fsS -X DELETE "$api/analyses/$id" >/dev/null

# A file, which is analysed in a process of its own within the limits of the unit: the recording of the one before.
until_state completed "$api/analyses/$id"
recording=$(sudo find /var/lib/kinemotion/analyses -name '*.mp4' | head -n 1)
sudo cat "$recording" >/tmp/kinemotion-installed.mp4
id=$(curl -fsS "$api/analyses" -F 'request={"sport_type": "cmj"}' -F video=@/tmp/kinemotion-installed.mp4 | jq -r .analysis_id)
until_state completed "$api/analyses/$id"

sudo systemctl stop kinemotion
[ "$(systemctl show --property Result --value kinemotion)" = success ]
sudo apt-get purge -y kinemotion gst-kinemotion
[ ! -e /usr/bin/kinemotion ]
sudo test -d /var/lib/kinemotion/analyses
printf 'installed: installed, measured and removed\n'
