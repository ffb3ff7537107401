"""Servers of JupyterHub that people choose from: what the file says, and what the hub reads of it."""

from typing import Any

import pytest

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.template import plain
from tests.kubernetes.stacks import bundle

pytestmark = pytest.mark.finding("A19")
STACK = """\
name: churn
provider: {name: kubernetes}
deployment: {routes: {domain: ml.example.org, tls: {secret: cert}}}
stack:
  notebook:
    - jupyterhub:
        settings:
          profiles:
PROFILES
  sign_in: [github: {settings: {organization: acme}}]
"""
USUAL = {"display_name": "Usual", "description": "", "default": True, "kubespawner_override": {"cpu_guarantee": 0.25}}


class Settings:
    """Stands for the configuration object that JupyterHub gives to the chart's `extraConfig`."""

    def __getattr__(self, name: str) -> "Settings":
        self.__dict__[name] = Settings()
        return self.__dict__[name]


def stack(*profiles: str) -> str:
    return STACK.replace("PROFILES", "\n".join(f"            - {each}" for each in profiles))


def offered(text: str) -> list[dict[str, Any]]:
    """Return what the hub offers, by the code that the chart runs."""
    (release,) = (each for each in bundle(text).releases if each.chart == "jupyterhub")
    values = plain(release.values)
    hub = Settings()
    read = {"custom.profiles": values["custom"]["profiles"]}
    exec(values["hub"]["extraConfig"]["profiles"], {"c": hub, "get_config": read.__getitem__})
    return hub.__dict__.get("KubeSpawner", Settings()).__dict__.get("profile_list", [])


def refused(*profiles: str) -> list[Diagnostic]:
    with pytest.raises(PlatinfraError) as raised:
        bundle(stack(*profiles))
    return list(raised.value.diagnostics)


def test_without_profiles_the_hub_offers_no_choice() -> None:
    assert offered(STACK.replace("profiles:\nPROFILES", "memory: 4G")) == []


def test_the_first_profile_is_the_usual_one() -> None:
    first, second = offered(stack("{name: Usual}", "{name: Other}"))
    assert first == USUAL
    assert (second["display_name"], second["default"]) == ("Other", False)


def test_a_profile_says_image_memory_and_processors() -> None:
    (found,) = offered(
        stack(
            '{name: Large, description: "For training", image: "quay.io/jupyter/pytorch-notebook:1", memory: 12G, CPU: 3}'
        )
    )
    assert found["description"] == "For training"
    assert found["kubespawner_override"] == {
        "image": "quay.io/jupyter/pytorch-notebook:1",
        "mem_guarantee": "12G",
        "mem_limit": "12G",
        "cpu_guarantee": 3,
    }


def test_a_profile_with_a_gpu_goes_to_the_nodes_that_have_one() -> None:
    (found,) = offered(stack("{name: GPU, gpu: 2}"))
    override = found["kubespawner_override"]
    assert override["extra_resource_limits"] == {"nvidia.com/gpu": "2"}
    assert override["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_an_environment_has_profiles_of_its_own() -> None:
    text = (
        stack("{name: Usual}") + "environments: {big: {settings: {jupyterhub: {profiles: [{name: Big, cpu: zwei}]}}}}\n"
    )
    assert len(offered(text)) == 1


@pytest.mark.parametrize(
    ("profile", "code", "message", "line"),
    [
        ("text", "wrong-type", "an entry of `profiles` must be a mapping", 10),
        ("{memory: 2G}", "missing-setting", "an entry of `profiles` needs `name`", 10),
        ("{name: Other, ram: 2G}", "unknown-setting", "an entry of `profiles` has no `ram`", 10),
        ("{name: Other, cpus: 2}", "unknown-setting", "an entry of `profiles` has no `cpus`", 10),
        ("{name: 3}", "wrong-type", "`name` in `profiles` must be text", 10),
        ("{name: Other, memory: 2Gi}", "wrong-format", "`memory` in `profiles`: `2Gi` is not an amount of memory", 10),
        ("{name: Other, memory: {limit: 2G}}", "wrong-type", "`memory` in `profiles` must be text", 10),
        ("{name: Other, cpu: 0}", "out-of-range", "`cpu` in `profiles` must be at least 0.05", 10),
        ("{name: Other, gpu: 0.5}", "wrong-type", "`gpu` in `profiles` must be a whole number", 10),
        ("{name: Usual}", "name-taken", "two entries of `profiles` are named `Usual`", 10),
        ("{name: Other, image: Not An Image}", "wrong-format", "`image` in `profiles`: `Not An Image` is not", 10),
    ],
)
def test_a_bad_profile_is_told_with_its_line(profile: str, code: str, message: str, line: int) -> None:
    (found,) = refused("{name: Usual}", profile)
    assert (found.code, found.span and found.span.line, bool(found.hint)) == (code, line, True)
    assert found.message.startswith(message)


def test_profiles_are_a_list_and_memory_is_none() -> None:
    for settings in ("profiles: {name: Usual}", "profiles: Usual", "memory: [2G]", "memory: 2Gi"):
        with pytest.raises(PlatinfraError) as raised:
            bundle(STACK.replace("profiles:\nPROFILES", settings))
        (found,) = raised.value.diagnostics
        assert found.code in {"wrong-type", "wrong-format"}
        assert found.span
        assert found.span.line == 8
