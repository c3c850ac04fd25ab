#!/bin/bash
# What a machine does when it first starts; machines.tf fills it in.
set -euo pipefail

dnf install --assumeyes --quiet amazon-efs-utils docker jq

# ICE takes the ports that the system gives, and the security group opens these.
echo 'net.ipv4.ip_local_port_range = ${first} ${last}' >/etc/sysctl.d/90-kinemotion.conf
sysctl --quiet --system

mkdir --parents /srv/kinemotion
echo '${folder}:/ /srv/kinemotion efs _netdev,tls,iam,accesspoint=${access} 0 0' >>/etc/fstab
mount /srv/kinemotion

token=$(curl --silent --fail --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
address=$(curl --silent --fail --header "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/local-ipv4)

umask 077
{
  aws secretsmanager get-secret-value --region '${region}' --secret-id '${secret}' --query SecretString --output text |
    jq --raw-output 'to_entries[] | "\(.key)=\(.value)"'
  cat <<SETTINGS
KINEMOTION_SERVE__SERVER__LISTEN=0.0.0.0:${http_port}
KINEMOTION_SERVE__SERVER__PROXIES=["${network}"]
KINEMOTION_SERVE__ADMIN__LISTEN=0.0.0.0:${admin_port}
KINEMOTION_SERVE__LOG__FORMAT=json
KINEMOTION_SERVE__STORAGE__FOLDER=/data
KINEMOTION_SERVE__STORAGE__BUCKET=${bucket}
KINEMOTION_SERVE__S3__REGION=${region}
KINEMOTION_SERVE__SESSIONS__MEMORY_MB=${memory_mb}
KINEMOTION_SERVE__SOURCES__CAMERAS=false
KINEMOTION_SERVE__SOURCES__DEMO=false
KINEMOTION_SERVE__WEBRTC__STUN=${stun}
KINEMOTION_SERVE__CLUSTER__ADDRESS=http://$address:${http_port}
SETTINGS
} >/etc/kinemotion.env

registry='${image}'
registry=$${registry%%/*}
case "$registry" in
  *.amazonaws.com) aws ecr get-login-password --region '${region}' | docker login --username AWS --password-stdin "$registry" ;;
esac

cat >/etc/systemd/system/kinemotion.service <<'UNIT'
[Unit]
Description=kinemotion
Requires=docker.service srv-kinemotion.mount
After=docker.service srv-kinemotion.mount network-online.target

[Service]
ExecStartPre=-/usr/bin/docker rm --force kinemotion
ExecStart=/usr/bin/docker run --rm --name kinemotion --network host --user ${user}:${user} --read-only --tmpfs /tmp \
  --cap-drop ALL --security-opt no-new-privileges --env-file /etc/kinemotion.env --volume /srv/kinemotion:/data \
  --entrypoint kinemotion '${image}' serve
ExecStop=/usr/bin/docker stop --time 40 kinemotion
TimeoutStopSec=60
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
systemctl enable --now docker kinemotion
