"""Names of images mean what every container runtime takes them for."""

import pytest

from platinfra.targets.kubernetes.image_names import ImageName, parse_image_name

SHA = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("python", "docker.io/library/python:latest"),
        ("python:3.12-slim", "docker.io/library/python:3.12-slim"),
        ("prefecthq/prefect:3.8.8-python3.12", "docker.io/prefecthq/prefect:3.8.8-python3.12"),
        ("docker.io/python:3", "docker.io/library/python:3"),
        ("index.docker.io/library/python:3", "docker.io/library/python:3"),
        ("docker.io/chrislusf/seaweedfs:4.02", "docker.io/chrislusf/seaweedfs:4.02"),
        ("quay.io/feastdev/feature-server:0.66.0", "quay.io/feastdev/feature-server:0.66.0"),
        ("registry.example.org:5000/ml/web", "registry.example.org:5000/ml/web:latest"),
        ("localhost/web:1", "localhost/web:1"),
        ("localhost:5000/web:1", "localhost:5000/web:1"),
        ("[::1]:5000/web:1", "[::1]:5000/web:1"),
        (f"python@{SHA}", f"docker.io/library/python@{SHA}"),
        (f"ghcr.io/a/b:1@{SHA}", f"ghcr.io/a/b:1@{SHA}"),
        ("gcr.io/a__b/c-d.e/f--g:V_1.2-rc", "gcr.io/a__b/c-d.e/f--g:V_1.2-rc"),
    ],
)
def test_what_is_left_out_is_what_runtimes_add(text: str, full: str) -> None:
    assert str(parse_image_name(text)) == full


@pytest.mark.parametrize(
    "text",
    [
        *("", ":1", "Python", "a//b", "a/b:", "a/b:.1", "-a", "ghcr.io/", "a b", "${image}", "/a", "a/b@"),
        *("a/b@sha256:0", f"a@{SHA}0", "https://ghcr.io/a/b", "exa mple.org/a", f"a:{'t' * 129}", "a/" * 130 + "a"),
        "a/b:1\n",
    ],
)
def test_other_texts_are_no_names(text: str) -> None:
    assert parse_image_name(text) is None


def test_the_hub_answers_at_another_host() -> None:
    assert ImageName("docker.io", "library/python", "3").host == "registry-1.docker.io"
    assert ImageName("ghcr.io", "a/b", "3").host == "ghcr.io"
