#!/bin/bash
# Installs platinfra and the stack's units; run again, it brings both up to date.
set -euo pipefail
release=/opt/platinfra/release
home=/var/lib/platinfra

mount_data() {
  mountpoint -q "$home" && return
  install -d "$home"
  root=$(findmnt --noheadings --output SOURCE /)
  # The data disk is the one disk that carries nothing of the system.
  disk=$(lsblk --noheadings --paths --nodeps --output NAME,TYPE | awk '$2 == "disk" {print $1}' | while read -r each; do
    lsblk --noheadings --paths --output NAME "$each" | grep -q "$root" || echo "$each"
  done | head -n 1)
  blkid "$disk" >/dev/null || mkfs.xfs -q "$disk"
  grep -q " $home " /etc/fstab || echo "UUID=$(blkid --output value --match-tag UUID "$disk") $home xfs defaults,nofail 0 2" >> /etc/fstab
  mount "$home"
}

mount_data
command -v python3.11 >/dev/null || dnf install --quiet --assumeyes python3.11 python3.11-pip jq
id platinfra >/dev/null 2>&1 || useradd --system --home-dir "$home" --shell /sbin/nologin platinfra
chown platinfra:platinfra "$home"
chmod 0700 "$home"

[ -x /opt/platinfra/venv/bin/python ] || python3.11 -m venv /opt/platinfra/venv
/opt/platinfra/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement "$release/platinfra.lock.txt"
rm -rf /opt/platinfra/lib.new
install -d /opt/platinfra/lib.new
tar --extract --gzip --file "$release/platinfra.tar.gz" --directory /opt/platinfra/lib.new
rm -rf /opt/platinfra/lib
mv /opt/platinfra/lib.new /opt/platinfra/lib
cp "$release"/platinfra.yaml "$home/"
[ -f "$release/requirements.lock.txt" ] && cp "$release/requirements.lock.txt" "$home/"
chown -R platinfra:platinfra "$home"/*.yaml

install -m 0755 "$release/credentials" /opt/platinfra/credentials
install -d /etc/platinfra
printf '[default]\ncredential_process = /opt/platinfra/credentials\nregion = %s\n' "$(jq -r .region "$release/machine.json")" > /etc/platinfra/aws.config
cp "$release"/*.service "$release"/*.timer /etc/systemd/system/
systemctl daemon-reload
systemctl enable --quiet --now platinfra-update.timer
systemctl enable --quiet platinfra.service
systemctl restart platinfra.service
