"""Environments are made once, completely, and from the cache alone where it suffices."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers import uv
from platinfra.drivers.environment import UvEnvironments

Lines = list[str]


def _wheel(folder: Path, name: str, version: str = "1.0", requires: str = "") -> Path:
    """Build a wheel by hand, so that nothing waits for a package index."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": metadata + (f"Requires-Dist: {requires}\n" if requires else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{each},,\n" for each in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(each, text)
    return path


def _lock(folder: Path, *wheels: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{each.name.split('-')[0]} @ {each.as_uri()} --hash=sha256:{hashlib.sha256(each.read_bytes()).hexdigest()}\n"
        for each in wheels
    ]
    (folder / "requirements.lock.txt").write_text("".join(lines))
    return folder / "requirements.lock.txt"


@pytest.fixture(autouse=True)
def _own_uv_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Return the lock of one tiny package."""
    return _lock(tmp_path / "tools" / "tiny", _wheel(tmp_path / "wheels", "tinypackage"))


@pytest.fixture
def environments(tmp_path: Path) -> UvEnvironments:
    """Return environments that never ask the network."""
    return UvEnvironments(tmp_path / "cache", offline=True)


def _version(folder: Path) -> str:
    code = "import tinypackage; print(tinypackage.VERSION)"
    return subprocess.run([folder / "bin" / "python", "-c", code], capture_output=True, text=True, check=True).stdout


def test_an_environment_is_made_and_used_again(environments: UvEnvironments, lock: Path) -> None:
    lines: Lines = []
    assert not environments.ready(lock)
    folder = environments.ensure(lock, lines.append)
    assert folder == environments.location(lock)
    assert folder.name.startswith("tiny-")
    assert _version(folder) == "1.0\n"
    assert "installing 1 package" in lines
    lines.clear()
    assert environments.ensure(lock, lines.append) == folder
    assert lines == []


def test_another_lock_is_another_environment(environments: UvEnvironments, lock: Path) -> None:
    before = environments.location(lock)
    lock.write_text(lock.read_text() + "# changed\n")
    assert environments.location(lock) != before


@pytest.mark.parametrize("damage", ["marker", "digest", "base", "python", "empty note"])
def test_a_half_made_or_broken_environment_is_made_again(environments: UvEnvironments, lock: Path, damage: str) -> None:
    folder = environments.ensure(lock, lambda _: None)
    marker = folder / "platinfra.json"
    (folder / "leftover").touch()
    if damage == "marker":
        marker.unlink()
    elif damage == "digest":
        marker.write_text(json.dumps({**json.loads(marker.read_text()), "digest": "other"}))
    elif damage == "base":
        (folder / "bin" / "python").unlink()
        (folder / "bin" / "python").symlink_to("/no/such/python")
    elif damage == "python":
        marker.write_text(json.dumps({**json.loads(marker.read_text()), "changed": 1}))
    else:
        shutil.rmtree(folder / "bin")
        marker.write_text("{}")
    assert not environments.ready(lock)
    environments.ensure(lock, lambda _: None)
    assert not (folder / "leftover").exists()
    assert _version(folder) == "1.0\n"


def test_an_environment_is_made_once_by_two_at_a_time(tmp_path: Path, lock: Path) -> None:
    lines: list[Lines] = [[], []]
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from platinfra.drivers.environment import UvEnvironments\n"
        "UvEnvironments(Path(sys.argv[1]), offline=True).ensure(Path(sys.argv[2]), print)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def make(number: int) -> None:
        arguments = [sys.executable, "-c", code, str(tmp_path / "cache"), str(lock)]
        done = subprocess.run(arguments, env=env, capture_output=True, text=True, check=True, timeout=60)
        lines[number] = done.stdout.splitlines()

    threads = [threading.Thread(target=make, args=(number,)) for number in (0, 1)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum("installing 1 package" in each for each in lines) == 1
    assert UvEnvironments(tmp_path / "cache").ready(lock)


def test_threads_share_the_work_too(environments: UvEnvironments, lock: Path) -> None:
    lines: Lines = []
    threads = [threading.Thread(target=environments.ensure, args=(lock, lines.append)) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert lines.count("installing 1 package") == 1


def test_a_wrong_hash_is_refused_and_nothing_counts_as_made(environments: UvEnvironments, lock: Path) -> None:
    lock.write_text(lock.read_text()[:-65] + "0" * 64 + "\n")
    with pytest.raises(ActionError, match="environment-failed") as caught:
        environments.ensure(lock, lambda _: None)
    assert any("ash" in line for line in caught.value.diagnostics[0].details)
    assert not environments.ready(lock)


def test_a_missing_lock_is_reported(environments: UvEnvironments, tmp_path: Path) -> None:
    with pytest.raises(ActionError, match=r"environment-failed.*missing"):
        environments.ensure(tmp_path / "no.txt", lambda _: None)


def test_a_package_that_the_cache_lacks_needs_the_network(environments: UvEnvironments, tmp_path: Path) -> None:
    path = tmp_path / "requirements.lock.txt"
    path.write_text(f"no-such-package-at-all==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(ActionError) as caught:
        environments.ensure(path, lambda _: None)
    assert "UV_OFFLINE is set" in str(caught.value.diagnostics[0].hint)


def test_uv_never_sees_what_would_lead_it_astray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_SYSTEM_CERTS", raising=False)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere")
    for each in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(each, raising=False)
    env = uv._environment()
    assert "PYTHONDONTWRITEBYTECODE" not in env
    assert "VIRTUAL_ENV" not in env
    assert env["UV_SYSTEM_CERTS"] == "1"
    assert env["UV_CACHE_DIR"] == os.environ["UV_CACHE_DIR"]
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/certificate")
    assert "UV_SYSTEM_CERTS" not in uv._environment()


def test_packages_are_locked_together_with_hashes(
    environments: UvEnvironments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wheel(tmp_path / "wheels", "tinypackage", requires="otherpackage")
    _wheel(tmp_path / "wheels", "otherpackage", "2.0")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    made = tmp_path / "new" / "requirements.lock.txt"
    environments.compile(["tinypackage"], made, lambda _: None)
    text = made.read_text()
    assert "tinypackage==1.0" in text
    assert "otherpackage==2.0" in text
    assert text.count("--hash=sha256:") == 2
    assert str(tmp_path) not in text
    assert [each.name for each in made.parent.iterdir()] == [made.name]
    environments.ensure(made, lambda _: None)


def test_packages_that_exclude_each_other_are_explained_and_the_lock_stays(
    environments: UvEnvironments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wheel(tmp_path / "wheels", "tinypackage", requires="otherpackage<2")
    _wheel(tmp_path / "wheels", "otherpackage", "2.0")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    made = tmp_path / "requirements.lock.txt"
    made.write_text("# before\n")
    with pytest.raises(ActionError, match="environment-conflict") as caught:
        environments.compile(["tinypackage==1.0", "otherpackage==2.0"], made, lambda _: None)
    assert any("otherpackage<2" in line for line in caught.value.diagnostics[0].details)
    assert made.read_text() == "# before\n"


def test_packages_that_exclude_each_other_on_another_platform_only_are_locked_for_this_one(
    environments: UvEnvironments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wheel(tmp_path / "wheels", "tinypackage", requires="otherpackage<2; sys_platform == 'win32'")
    _wheel(tmp_path / "wheels", "otherpackage", "2.0")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    made = tmp_path / "requirements.lock.txt"
    environments.compile(["tinypackage==1.0", "otherpackage==2.0"], made, lambda _: None)
    assert "otherpackage==2.0" in made.read_text()


def test_a_full_disk_is_told_from_other_failures(tmp_path: Path) -> None:
    outcome = uv.Outcome(2, "", ("error: failed to write", "  Caused by: No space left on device (os error 28)"))
    error = outcome.error("environment-failed", "", "", tmp_path)
    assert error.diagnostics[0].code == "disk-full"
