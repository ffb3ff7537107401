"""Verbs are found when they are called, and a module that is broken says so itself."""

import sys
from pathlib import Path

import pytest

from platinfra.targets import aws, local
from platinfra.targets.lazy import modules_of, verb


def test_a_verb_is_looked_for_when_it_is_called() -> None:
    looked = []

    class Target:
        greet = verb(lambda: looked.append("now") or "hello {}".format)

    target = Target()
    assert looked == []
    assert target.greet("you") == "hello you"
    assert looked == ["now"]


def test_a_package_has_its_modules_and_no_others() -> None:
    assert local.policy.__name__ == "platinfra.targets.local.policy"
    assert aws.verbs.plan.__name__ == "platinfra.targets.aws.verbs.plan"
    with pytest.raises(AttributeError, match="no module `nothing`"):
        _ = aws.nothing


def test_a_module_that_lacks_another_is_not_taken_for_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_package").mkdir()
    (tmp_path / "broken_package" / "__init__.py").touch()
    (tmp_path / "broken_package" / "part.py").write_text("import no_such_module_anywhere\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
        modules_of("broken_package")("part")
    sys.modules.pop("broken_package", None)
