"""The files of Prometheus and Alertmanager on a machine, from wires and settings."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.stacks import CATALOG

SCRIPT = CATALOG.folder("prometheus") / "configure.py"


def configured(folder: Path, *settings: str) -> subprocess.CompletedProcess[str]:
    for each in ("files", "data", "project"):
        (folder / each).mkdir(exist_ok=True)
    wire = {"provider": "mlflow", "host": "127.0.0.1", "port": 5000, "path": "/metrics"}
    (folder / "files/targets.json").write_text(json.dumps([wire]))
    places = ["--own=127.0.0.1:1", "--alerts=127.0.0.1:2", "--proof=127.0.0.1:3", "--name=watch", "--stack=demo"]
    command = [sys.executable, "-I", SCRIPT, *(folder / each for each in ("files", "data", "project"))]
    return subprocess.run(
        [*command, *places, "--down-seconds=30", *settings], capture_output=True, text=True, check=False
    )


def written(folder: Path, name: str) -> Any:
    file = folder / "data" / f"{name}.json"
    assert file.stat().st_mode & 0o077 == 0
    return json.loads(file.read_text())


def test_every_wire_and_the_programs_themselves_are_asked(tmp_path: Path) -> None:
    assert configured(tmp_path).returncode == 0
    (jobs, proof) = written(tmp_path, "prometheus")["scrape_configs"]
    found = {(each["targets"][0], each["labels"]["component"]) for each in jobs["static_configs"]}
    assert found == {("127.0.0.1:5000", "mlflow"), ("127.0.0.1:1", "watch"), ("127.0.0.1:2", "watch")}
    assert proof["job_name"] == "proof"
    rules = written(tmp_path, "rules")["groups"][0]["rules"]
    assert [(each["labels"]["component"], each["for"]) for each in rules] == [("mlflow", "30s")]


def test_without_a_receiver_nobody_is_told_but_a_check(tmp_path: Path) -> None:
    assert configured(tmp_path).returncode == 0
    people, proof = written(tmp_path, "alertmanager")["receivers"]
    assert people == {"name": "people"}
    assert proof["webhook_configs"][0]["url"] == "http://127.0.0.1:3/"


def test_people_are_told_by_each_way_that_settings_name_and_mail_goes_out_encrypted(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    for name in ("slack", "password"):
        (tmp_path / "project" / name).write_text("secret")
    mail = [
        "--mail-to=a@example.org",
        "--mail-from=b@example.org",
        "--mail-username=b",
        "--mail-password-file=password",
    ]
    ways = [*mail, "--webhook-url=http://127.0.0.1:4/", "--slack-url-file=slack"]
    assert configured(tmp_path, *ways, "--mail-server=smtp.example.org:587").returncode == 0
    people = written(tmp_path, "alertmanager")["receivers"][0]
    assert people["webhook_configs"][0]["url"] == "http://127.0.0.1:4/"
    assert people["slack_configs"][0]["api_url_file"] == str(tmp_path / "project/slack")
    assert people["email_configs"][0]["auth_password_file"] == str(tmp_path / "project/password")
    assert people["email_configs"][0]["require_tls"] is True
    assert "secret" not in json.dumps(people)
    assert configured(tmp_path, *ways, "--mail-server=localhost:25").returncode == 0
    assert written(tmp_path, "alertmanager")["receivers"][0]["email_configs"][0]["require_tls"] is False


def test_files_that_are_not_there_are_all_told(tmp_path: Path) -> None:
    done = configured(tmp_path, "--rules=rules", "--slack-url-file=slack")
    assert done.returncode == 1
    assert "`rules`: there is no" in done.stderr
    assert "`slack_url_file`: there is no" in done.stderr
