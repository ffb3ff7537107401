"""What the follower decides, with neither a registry nor processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from model_server.environments import PreparationError
from model_server.follower import Follower
from model_server.processes import StartError
from model_server.releases import Release
from model_server.versions import ModelVersion, RegistryUnreachableError

ONE = ModelVersion("m", "1", "run1", 10)
TWO = ModelVersion("m", "2", "run2", 20)
WAITING = {"status": "waiting", "waiting_for": "models:/m@champion"}


@dataclass
class FakeRegistry:
    """A registry whose alias names what the test says."""

    named: ModelVersion | None = None
    away: bool = False
    uri: str = "models:/m@champion"

    def find(self) -> ModelVersion | None:
        if self.away:
            raise RegistryUnreachableError("refused")
        return self.named


@dataclass
class FakeReleases:
    """Releases that are ready at once, unless the test forbids a version."""

    last: ModelVersion | None = None
    bad: ModelVersion | None = None
    prepared: list[ModelVersion] = field(default_factory=list)

    def prepare(self, version: ModelVersion) -> Release:
        self.prepared.append(version)
        if version == self.bad:
            raise PreparationError("no such package")
        return Release(version, Path(), Path())

    def remember(self, version: ModelVersion | None) -> None:
        self.last = version

    def recall(self) -> ModelVersion | None:
        return self.last

    def stop(self) -> None:
        pass


@dataclass
class FakeDeployment:
    """A deployment that notes what is served."""

    served: ModelVersion | None = None
    bad: ModelVersion | None = None

    def replace(self, release: Release) -> None:
        if release.version == self.bad:
            raise StartError("bad pickle")
        self.served = release.version

    def withdraw(self) -> None:
        self.served = None

    def up(self) -> bool:
        return self.served is not None

    def close(self) -> None:
        self.served = None


@dataclass
class Scene:
    """A follower among fakes."""

    registry: FakeRegistry = field(default_factory=FakeRegistry)
    releases: FakeReleases = field(default_factory=FakeReleases)
    deployment: FakeDeployment = field(default_factory=FakeDeployment)

    def __post_init__(self) -> None:
        self.follower = Follower(self.registry, self.releases, self.deployment, 1.0)  # type: ignore[arg-type]

    def see(self, named: ModelVersion | None) -> dict[str, str]:
        self.registry.named = named
        self.follower.step()
        return self.follower.health()


def test_without_a_version_it_waits() -> None:
    assert Scene().see(None) == WAITING


def test_a_named_version_is_served() -> None:
    scene = Scene()
    health = scene.see(ONE)
    assert scene.deployment.served == ONE
    assert health == {
        "status": "serving",
        "uri": "models:/m@champion",
        "model": "m",
        "version": "1",
        "run_id": "run1",
    }


def test_a_served_version_is_not_deployed_again() -> None:
    scene = Scene()
    scene.see(ONE)
    scene.see(ONE)
    assert scene.releases.prepared == [ONE]


def test_a_version_of_the_same_number_in_a_registry_made_anew_is_another_one() -> None:
    scene, namesake = Scene(), ModelVersion("m", "1", "run9", 90)
    scene.see(ONE)
    scene.see(namesake)
    assert scene.deployment.served == namesake
    assert namesake.key != ONE.key


def test_a_version_that_cannot_be_prepared_leaves_the_former_and_is_not_tried_at_once_again() -> None:
    scene = Scene(releases=FakeReleases(bad=TWO))
    scene.see(ONE)
    scene.see(TWO)
    health = scene.see(TWO)
    assert (health["version"], health["problem"]) == ("1", "version 2 cannot be served: no such package")
    assert scene.releases.prepared == [ONE, TWO]


def test_a_version_that_does_not_start_leaves_the_former() -> None:
    scene = Scene(deployment=FakeDeployment(bad=TWO))
    scene.see(ONE)
    assert scene.see(TWO)["problem"] == "version 2 cannot be served: bad pickle"
    assert scene.deployment.served == ONE


def test_the_problem_is_over_when_the_alias_moves_back() -> None:
    scene = Scene(releases=FakeReleases(bad=TWO))
    scene.see(ONE)
    scene.see(TWO)
    assert "problem" not in scene.see(ONE)


def test_a_first_version_that_cannot_be_served_is_a_failure() -> None:
    scene = Scene(releases=FakeReleases(bad=ONE))
    assert scene.see(ONE)["status"] == "failed"
    assert scene.see(None) == WAITING


def test_an_unreachable_registry_changes_nothing() -> None:
    scene = Scene()
    scene.see(ONE)
    scene.registry.away = True
    health = scene.see(TWO)
    assert (health["status"], health["version"], health["problem"]) == (
        "serving",
        "1",
        "registry unreachable: refused",
    )


def test_after_a_start_without_registry_the_last_version_is_served() -> None:
    scene = Scene(FakeRegistry(away=True), FakeReleases(last=ONE))
    assert scene.see(None)["version"] == "1"


def test_after_a_start_without_registry_and_history_it_waits() -> None:
    assert Scene(FakeRegistry(away=True)).see(None)["status"] == "waiting"


def test_an_alias_that_is_deleted_ends_the_serving_and_is_not_recalled() -> None:
    scene = Scene()
    scene.see(ONE)
    assert scene.see(None) == WAITING
    assert (scene.deployment.served, scene.releases.last) == (None, None)
