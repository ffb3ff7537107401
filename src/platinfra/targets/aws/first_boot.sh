#!/bin/bash
# Lets the machine of the stack {stack} look for its release; everything else comes from there.
set -euo pipefail
install -d /opt/platinfra
cat > /opt/platinfra/update <<'END'
#!/bin/bash
# Fetches the release, and installs it when it is new.
set -euo pipefail
aws s3 sync --only-show-errors --delete --region {region} s3://{bucket}/ /opt/platinfra/release
exec bash /opt/platinfra/release/install.sh
END
cat > /etc/systemd/system/platinfra-update.service <<'END'
[Unit]
Description=Fetch what changed in the stack
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=/bin/bash /opt/platinfra/update
END
cat > /etc/systemd/system/platinfra-update.timer <<'END'
[Unit]
Description=Look for changes of the stack; what failed is tried again

[Timer]
OnActiveSec=0
OnUnitInactiveSec=2min

[Install]
WantedBy=timers.target
END
systemctl daemon-reload
systemctl enable --now platinfra-update.timer
