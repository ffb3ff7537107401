"""What is said of proxies to the processes and clients of a stack."""

import pytest

from platinfra.drivers.loopback import direct_to_loopback
from platinfra.targets.local.verbs.machine import passed_environment

PROXY = "http://proxy.example:3128"


@pytest.mark.finding("F3")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": ".corp, 10.0.0.0/8"}, ".corp,10.0.0.0/8,127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "a", "no_proxy": "b,localhost"}, "a,b,localhost,127.0.0.1,::1"),
        ({"no_proxy": "*"}, "*"),
        ({"NO_PROXY": ","}, "127.0.0.1,localhost,::1"),
    ],
)
def test_addresses_of_this_machine_are_added_to_what_is_said_already(given: dict[str, str], said: str) -> None:
    assert direct_to_loopback(given) == {"NO_PROXY": said, "no_proxy": said}
    assert direct_to_loopback(direct_to_loopback(given)) == direct_to_loopback(given)


@pytest.mark.finding("F3")
def test_processes_get_proxies_and_certificates_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "HTTPS_PROXY": PROXY,
        "ALL_PROXY": PROXY,
        "REQUESTS_CA_BUNDLE": "/ca.pem",
        "NODE_EXTRA_CA_CERTS": "/ca.pem",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found = passed_environment()
    assert {name: found[name] for name in given} == given
    assert "TMPDIR" not in found


def test_a_socks_proxy_for_everything_is_kept_from_tools_that_end_at_the_sight_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy.example:1080")
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    found = passed_environment()
    assert "ALL_PROXY" not in found
    assert found["HTTPS_PROXY"] == PROXY
