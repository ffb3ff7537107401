"""
Write the configuration of Prometheus and of Alertmanager, from the wires of the stack and the settings of the component.

Both read YAML, and JSON is YAML. Only the standard library is used: the programs are not Python.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

Object = dict[str, Any]
PROOF = "Proof"
"""The alert that `check` causes; nobody but `check` is told of it."""


def main(options: argparse.Namespace) -> str | None:
    """Write all files; return what is wrong with the files that settings name."""
    files = {
        each: options.project / getattr(options, each)
        for each in ("rules", "slack_url_file", "mail_password_file")
        if getattr(options, each)
    }
    missing = [f"`{name}`: there is no {path}" for name, path in files.items() if not path.exists()]
    if missing:
        return "; ".join(missing)
    wires = json.loads((options.files / "targets.json").read_text())
    (options.data / "proofs").mkdir(exist_ok=True)
    write(options.data / "rules.json", {"groups": [down_rules(wires, options), proof_rules(options)]})
    write(options.data / "prometheus.json", prometheus(wires, files, options))
    write(options.data / "alertmanager.json", alertmanager(files, options))
    return None


def prometheus(wires: list[Object], files: dict[str, Path], options: argparse.Namespace) -> Object:
    """Return who is asked for metrics, and whom alerts go to."""
    own = [{"provider": options.name, "path": "/metrics", "address": each} for each in (options.own, options.alerts)]
    asked = [*({**each, "address": f"{each['host']}:{each['port']}"} for each in wires), *own]
    targets = [
        {"targets": [each["address"]], "labels": {"component": each["provider"], "__metrics_path__": each["path"]}}
        for each in asked
    ]
    proofs = {
        "job_name": "proof",
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
        "file_sd_configs": [{"files": [str(options.data / "proofs" / "*.json")], "refresh_interval": "5s"}],
    }
    rules = [str(options.data / "rules.json"), *([str(files["rules"] / "*.yml")] if "rules" in files else [])]
    return {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s", "external_labels": {"stack": options.stack}},
        "rule_files": rules,
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [options.alerts]}]}]},
        "scrape_configs": [{"job_name": options.stack, "static_configs": targets}, proofs],
    }


def down_rules(wires: list[Object], options: argparse.Namespace) -> Object:
    """Return a rule for each component, that it does not answer."""
    rules = []
    for name in [each["provider"] for each in wires]:
        series = f'up{{component="{name}"}}'
        rules.append(
            {
                "alert": "ComponentDown",
                "expr": f"{series} == 0 or absent({series})",
                "for": f"{options.down_seconds}s",
                "labels": {"severity": "critical", "component": name},
                "annotations": {"summary": f"{name} of {options.stack} does not answer"},
            }
        )
    return {"name": "components", "interval": "5s", "rules": rules}


def proof_rules(options: argparse.Namespace) -> Object:
    """Return the rule that `check` makes true; its annotations tell `check` where it is asked and told."""
    told = {"folder": str(options.data / "proofs"), "address": options.proof}
    rule = {"alert": PROOF, "expr": "platinfra_proof > 0", "annotations": told}
    return {"name": "proof", "interval": "1s", "rules": [rule]}


def alertmanager(files: dict[str, Path], options: argparse.Namespace) -> Object:
    """Return who is told of alerts."""
    receiver: Object = {"name": "people"}
    if options.webhook_url:
        receiver["webhook_configs"] = [{"url": options.webhook_url, "send_resolved": True}]
    if "slack_url_file" in files:
        receiver["slack_configs"] = [{"api_url_file": str(files["slack_url_file"]), "send_resolved": True}]
    if options.mail_to:
        receiver["email_configs"] = [mail(files, options)]
    proof = {
        "receiver": "proof",
        "matchers": [f'alertname="{PROOF}"'],
        "group_by": ["..."],
        "group_wait": "0s",
    }
    return {
        "route": {
            "receiver": "people",
            "group_by": ["alertname", "component"],
            "group_wait": "5s",
            "group_interval": "1m",
            "routes": [proof],
        },
        "receivers": [
            receiver,
            {"name": "proof", "webhook_configs": [{"url": f"http://{options.proof}/", "send_resolved": False}]},
        ],
    }


def mail(files: dict[str, Path], options: argparse.Namespace) -> Object:
    """Return how alerts are mailed."""
    # A server of this machine may have no certificate; any other gets no mail in the clear.
    is_near = options.mail_server.rpartition(":")[0] in {"localhost", "127.0.0.1"}
    found = {
        "to": options.mail_to,
        "from": options.mail_from,
        "smarthost": options.mail_server,
        "require_tls": not is_near,
        "send_resolved": True,
    }
    if options.mail_username:
        found["auth_username"] = options.mail_username
    if "mail_password_file" in files:
        found["auth_password_file"] = str(files["mail_password_file"])
    return found


def write(path: Path, data: Object) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    part = path.with_suffix(".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
    part.replace(path)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the folders and settings."""
    made = argparse.ArgumentParser(description=__doc__)
    for each in ("files", "data", "project"):
        made.add_argument(each, type=Path)
    for each in ("name", "own", "alerts", "proof", "stack", "rules", "webhook-url", "slack-url-file"):
        made.add_argument(f"--{each}", default="")
    for each in ("mail-to", "mail-from", "mail-server", "mail-username", "mail-password-file"):
        made.add_argument(f"--{each}", default="")
    made.add_argument("--down-seconds", type=int)
    return made.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(parse(sys.argv[1:])))
