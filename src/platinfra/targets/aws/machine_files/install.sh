#!/bin/bash
# Installs the release unless that was done; a failure is tried again with the next update.
set -euo pipefail
release=/opt/platinfra/release
home=/var/lib/platinfra
installed=/opt/platinfra/installed

found=$(cd "$release" && sha256sum -- *)
if [ -f "$installed" ] && [ "$(cat "$installed")" = "$found" ]; then
  exit 0
fi

mount_data() {
  install -d "$home"
  if mountpoint -q "$home"; then
    return
  fi
  # The disk is attached after the first boot began; EC2 links its device to this name.
  for _ in $(seq 60); do
    if [ -b /dev/sdf ]; then
      break
    fi
    sleep 5
  done
  # Only a disk without anything gets a file system: a replaced machine finds its data again.
  blkid /dev/sdf >/dev/null || mkfs.xfs -q /dev/sdf
  if ! grep -q " $home " /etc/fstab; then
    uuid=$(blkid --output value --match-tag UUID /dev/sdf)
    echo "UUID=$uuid $home xfs defaults,nofail,x-systemd.growfs 0 2" >> /etc/fstab
  fi
  systemctl daemon-reload
  mount "$home"
}

mount_data
if ! command -v python3.11 >/dev/null; then
  dnf install --quiet --assumeyes python3.11 python3.11-pip
fi
# The same number on every machine: files on the data disk belong to it.
id platinfra >/dev/null 2>&1 || useradd --uid 7300 --user-group --home-dir "$home" --no-create-home --shell /sbin/nologin platinfra
install -d --owner=platinfra --group=platinfra --mode=0700 "$home"

[ -x /opt/platinfra/venv/bin/python ] || python3.11 -m venv --clear /opt/platinfra/venv
/opt/platinfra/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$release/platinfra.lock.txt"

rm -rf /opt/platinfra/lib.new
install -d /opt/platinfra/lib.new
tar --extract --gzip --file "$release/platinfra.tar.gz" --directory /opt/platinfra/lib.new --no-same-owner
/opt/platinfra/venv/bin/python -m compileall -q /opt/platinfra/lib.new
rm -rf /opt/platinfra/lib
mv /opt/platinfra/lib.new /opt/platinfra/lib

for file in platinfra.yaml requirements.lock.txt; do
  rm -f "$home/$file"
  if [ -f "$release/$file" ]; then
    install --owner=platinfra --group=platinfra --mode=0600 "$release/$file" "$home/"
  fi
done

install --mode=0755 "$release/platinfra" /usr/local/bin/platinfra
install --mode=0644 "$release/platinfra.service" /etc/systemd/system/
# What the stack does by schedule is what this release says; a run that has begun comes to its end.
shopt -s nullglob
for timer in /etc/systemd/system/platinfra-scheduled-*.timer; do
  systemctl disable --quiet --now "${timer##*/}"
done
rm -f /etc/systemd/system/platinfra-scheduled-*
for unit in "$release"/platinfra-scheduled-*; do
  install --mode=0644 "$unit" /etc/systemd/system/
done
systemctl daemon-reload
systemctl enable --quiet platinfra.service
systemctl reload-or-restart platinfra.service
for timer in /etc/systemd/system/platinfra-scheduled-*.timer; do
  systemctl enable --quiet --now "${timer##*/}"
done
echo "$found" > "$installed"
