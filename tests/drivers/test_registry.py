"""Registries tell digests: to everybody, to who has a token, to who has a login; and everything else has a reason."""

import base64
import json
import socket
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.registry import Registries, _is_allowed
from platinfra.drivers.registry_logins import Login, login_for
from tests.drivers.registry_double import Registry, registry

ADA = Login("ada", "s3cret")


@pytest.fixture
def there() -> Iterator[Registry]:
    with registry() as made:
        yield made


@pytest.fixture(autouse=True)
def _no_login_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def digest(there: Registry, name: str = "ml/web:1", login: Login | None = None) -> str:
    repository, _, tag = name.partition(":")
    asking = Registries(lambda _: login, timeout=5, pause=0.01)
    return asking.digest(there.host, there.host, repository, tag)


def refused(there: Registry, login: Login | None = None) -> tuple[str, str]:
    with pytest.raises(PlatinfraError) as raised:
        digest(there, login=login)
    (found,) = raised.value.diagnostics
    assert "s3cret" not in repr(found)
    return found.code, found.message


def test_an_open_registry_tells_the_digest_of_a_tag(there: Registry) -> None:
    wanted = there.add("ml/web:1")
    there.add("ml/web:2", "other")
    assert digest(there) == wanted
    assert there.asked == [("HEAD", "/v2/ml/web/manifests/1", "")]


def test_one_that_tells_no_digest_is_asked_for_the_manifest(there: Registry) -> None:
    wanted = there.add("ml/web:1")
    there.tells_digest = False
    assert digest(there) == wanted
    assert [each[0] for each in there.asked] == ["HEAD", "GET"]


def test_everybody_gets_a_token_for_what_is_public(there: Registry) -> None:
    wanted, there.way_in = there.add("ml/web:1"), "bearer"
    assert digest(there) == wanted
    (_, path, authorization) = there.asked[1]
    assert path.startswith("/token?service=the+registry&scope=repository%3Aml%2Fweb%3Apull")
    assert authorization == ""


def test_a_token_serves_for_all_tags_of_a_repository(there: Registry) -> None:
    there.add("ml/web:1"), there.add("ml/web:2")
    there.way_in = "bearer"
    asking = Registries(lambda _: None, timeout=5)
    for tag in ("1", "2"):
        asking.digest(there.host, there.host, "ml/web", tag)
    assert len([each for each in there.asked if each[1].startswith("/token")]) == 1


def test_a_login_is_exchanged_for_a_token(there: Registry) -> None:
    wanted, there.way_in, there.login = there.add("ml/web:1"), "bearer", ("ada", "s3cret")
    assert digest(there, login=ADA) == wanted
    assert there.asked[-1][2].startswith("Bearer ")


def test_an_identity_token_is_exchanged_for_another(there: Registry) -> None:
    wanted, there.way_in, there.login, there.identity = there.add("ml/web:1"), "bearer", ("ada", "s3cret"), "identity"
    assert digest(there, login=Login("<token>", "identity", is_token=True)) == wanted
    assert ("POST", "/token", "") in there.asked


def test_a_login_is_given_where_no_tokens_are(there: Registry) -> None:
    wanted, there.way_in, there.login = there.add("ml/web:1"), "basic", ("ada", "s3cret")
    assert digest(there, login=ADA) == wanted


@pytest.mark.parametrize("way_in", ["bearer", "basic"])
@pytest.mark.parametrize("login", [None, Login("ada", "wrong")])
def test_without_the_right_login_one_is_denied(there: Registry, way_in: str, login: Login | None) -> None:
    there.add("ml/web:1")
    there.way_in, there.login = way_in, ("ada", "s3cret")
    code, message = refused(there, login)
    assert code == "registry-denied"
    assert f"{there.host}/ml/web:1" in message


@pytest.mark.parametrize("token", ["s3cret\r\nX: y", "s3cret\u4e2d"])
def test_a_token_that_no_header_takes_is_not_told(there: Registry, token: str) -> None:
    there.add("ml/web:1")
    there.way_in, there.token = "bearer", token
    assert refused(there)[0] == "registry-denied"


def test_what_is_not_there_is_not_found(there: Registry) -> None:
    there.add("ml/web:2")
    assert refused(there)[0] == "image-not-found"


def test_a_busy_registry_is_asked_again(there: Registry) -> None:
    wanted, there.busy = there.add("ml/web:1"), 2
    assert digest(there) == wanted


def test_but_not_for_ever(there: Registry) -> None:
    there.add("ml/web:1")
    there.busy = 1000
    code, message = refused(there)
    assert (code, len(there.asked)) == ("registry-unreachable", 3)
    assert "503" in message


def test_nobody_at_the_address_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert refused(Registry(port=port))[0] == "registry-unreachable"


def test_who_does_not_answer_is_left_after_the_timeout() -> None:
    asking = Registries(lambda _: None, timeout=0.1, pause=0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(PlatinfraError) as raised:
            asking.digest(host, host, "a", "1")
    assert time.monotonic() - began < 10
    assert raised.value.diagnostics[0].code == "registry-unreachable"


@pytest.mark.parametrize("body", [b"<html>Sign in to the network</html>", b"[]", b'{"errors": []}'])
def test_a_page_is_no_manifest(there: Registry, body: bytes) -> None:
    there.add("ml/web:1")
    there.tells_digest, there.body = False, body
    assert refused(there)[0] == "registry-unreachable"


@pytest.mark.parametrize("wrong", ["sha256:0", "md5:0", "latest"])
def test_a_digest_has_to_be_one(there: Registry, wrong: str) -> None:
    there.add("ml/web:1")
    there.wrong_digest = wrong
    assert refused(there)[0] == "registry-unreachable"


def test_a_registry_may_send_to_another_and_logins_stay_behind(there: Registry) -> None:
    there.way_in, there.login = "basic", ("ada", "s3cret")
    with registry() as other:
        wanted = other.add("ml/web:1")
        there.moved_to = f"http://{other.host}"
        assert digest(there, login=ADA) == wanted
        assert other.asked == [("HEAD", "/v2/ml/web/manifests/1", "")]


def test_a_registry_that_sends_in_circles_is_left(there: Registry) -> None:
    there.moved_to = f"http://{there.host}"
    assert refused(there)[0] == "registry-unreachable"
    assert len(there.asked) < 20


@pytest.mark.parametrize("address", ["http://example.org", "http://127.0.0.1.example.org/v2"])
def test_an_unsafe_address_is_not_followed(there: Registry, address: str) -> None:
    there.moved_to = address
    code, message = refused(there)
    assert code == "registry-unreachable"
    assert f"`{address.partition('//')[2].partition('/')[0]}`, which is not a safe address" in message


@pytest.mark.parametrize("realm", ["http://example.org/token", "file:///etc/passwd", "token", "http://[", " "])
def test_a_login_goes_to_no_unsafe_address(there: Registry, realm: str) -> None:
    there.way_in, there.login, there.realm = "bearer", ("ada", "s3cret"), realm
    assert refused(there, ADA)[0] == "registry-unreachable"
    assert not [each for each in there.asked if each[2]]


@pytest.mark.parametrize(
    ("url", "before", "allowed"),
    [
        ("https://auth.example.org/token", "https://example.org/v2", True),
        ("http://auth.example.org/token", "https://example.org/v2", False),
        ("http://127.0.0.1/token", "https://example.org/v2", False),
        ("http://localhost:1/token", "http://127.0.0.1:2/v2", True),
        ("http://127.0.0.1.example.org/", "http://127.0.0.1/", False),
        ("https:///token", "https://example.org/", False),
    ],
)
def test_only_this_machine_may_do_without_tls(url: str, before: str, *, allowed: bool) -> None:
    assert _is_allowed(url, before) is allowed


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file with a key and a certificate of 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "double")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    file = tmp_path / "certificate.pem"
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(text + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return file


def test_tls_is_verified(there: Registry, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, there.way_in, there.login = there.add("ml/web:1"), "bearer", ("ada", "s3cret")
    with registry(certificate) as tokens:
        tokens.login, there.realm = there.login, f"https://{tokens.host}/token"
        code, message = refused(there, ADA)
        assert code == "registry-unreachable"
        assert "CERTIFICATE_VERIFY_FAILED" in message
        assert tokens.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert digest(there, login=ADA) == wanted


def write(folder: Path, **config: object) -> None:
    (folder / "config.json").write_text(json.dumps(config))


def auth(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("server", ["ghcr.io", "https://ghcr.io", "https://ghcr.io/v1/", "https://ghcr.io/v2/"])
def test_logins_are_read_from_dockers_file(tmp_path: Path, server: str) -> None:
    write(tmp_path, auths={server: auth("ada:s3:cret"), "quay.io": auth("ben:other")})
    assert login_for("ghcr.io") == Login("ada", "s3:cret")
    assert login_for("docker.io") is None


def test_the_hub_has_another_name_there(tmp_path: Path) -> None:
    write(tmp_path, auths={"https://index.docker.io/v1/": auth("ada:s3cret")})
    assert login_for("docker.io") == ADA


def test_an_identity_token_is_a_login(tmp_path: Path) -> None:
    write(tmp_path, auths={"ghcr.io": {**auth("00000000:"), "identitytoken": "token"}})
    assert login_for("ghcr.io") == Login("<token>", "token", is_token=True)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"auths": 1}', '{"auths": {"ghcr.io": {"auth": "%"}}}'])
def test_a_broken_file_is_no_login(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    assert login_for("ghcr.io") is None


HELPER = """\
#!/bin/sh
[ "$1" = get ] || exit 2
read -r server
case $server in
  ghcr.io|https://index.docker.io/v1/) echo "{\\"ServerURL\\": \\"$server\\", \\"Username\\": \\"ada\\", \\"Secret\\": \\"s3cret\\"}" ;;
  acme.azurecr.io) echo "{\\"Username\\": \\"<token>\\", \\"Secret\\": \\"identity\\"}" ;;
  *) echo "credentials not found in native keychain"; exit 1 ;;
esac
"""


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    program = tmp_path / "programs" / "docker-credential-vault"
    program.parent.mkdir()
    program.write_text(HELPER)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return "vault"


@pytest.mark.parametrize("registry", ["ghcr.io", "docker.io"])
def test_a_helper_is_asked_by_its_protocol(tmp_path: Path, helper: str, registry: str) -> None:
    write(tmp_path, credsStore=helper)
    assert login_for(registry) == ADA


def test_a_helper_may_tell_an_identity_token(tmp_path: Path, helper: str) -> None:
    write(tmp_path, credsStore=helper)
    assert login_for("acme.azurecr.io") == Login("<token>", "identity", is_token=True)


def test_the_helper_of_one_registry_comes_first(tmp_path: Path, helper: str) -> None:
    write(tmp_path, credsStore="absent", credHelpers={"ghcr.io": helper})
    assert login_for("ghcr.io") == ADA
    assert login_for("docker.io") is None


def test_without_an_answer_of_the_helper_the_file_counts(tmp_path: Path, helper: str) -> None:
    write(tmp_path, credsStore=helper, auths={"quay.io": auth("ben:other")})
    assert login_for("quay.io") == Login("ben", "other")


@pytest.mark.parametrize("name", ["in/../programs/docker-credential-vault", "absent", ""])
def test_a_helper_is_a_name_and_no_path(
    tmp_path: Path, helper: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert helper
    (tmp_path / "docker-credential-in").mkdir()
    monkeypatch.chdir(tmp_path)
    write(tmp_path, credsStore=name)
    assert login_for("ghcr.io") is None


def test_a_password_does_not_show() -> None:
    assert "s3cret" not in repr(ADA)
