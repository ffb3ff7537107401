"""References only fetch values."""

import pytest

from platinfra.model.reference import Reference, Secret, evaluate, parse, reveal, secrets, show_text


def test_text_is_split_at_its_references() -> None:
    assert parse("--port=${endpoints.http.port}!") == ("--port=", Reference(("endpoints", "http", "port")), "!")


def test_two_dollars_are_one() -> None:
    assert parse("$${HOME} costs 5$") == ("${HOME} costs 5$",)


@pytest.mark.parametrize("text", ["${}", "${a b}", "${a|upper}", "${if x}", "${a.}", "${1}"])
def test_a_reference_is_a_dotted_name_and_nothing_more(text: str) -> None:
    with pytest.raises(ValueError, match="can only name a value"):
        parse(text)


def test_values_replace_references_and_text_around_them_joins() -> None:
    assert evaluate(parse("a-${b.c}-d"), lambda _: ("x",)) == ("a-x-d",)


def test_one_unbound_reference_makes_the_whole_text_disappear() -> None:
    assert evaluate(parse("${here}${gone}"), lambda each: None if each.path == ("gone",) else ("x",)) is None


def test_a_secret_never_prints_itself() -> None:
    text = ("postgresql://", Secret("mlflow", "password"), "@host")
    assert show_text(text) == "postgresql://<secret mlflow.password>@host"
    assert "value" not in repr(text)
    assert reveal(text, lambda each: f"{each.component}-value") == "postgresql://mlflow-value@host"
    assert list(secrets(text)) == [Secret("mlflow", "password")]


def test_nothing_is_revealed_before_it_is_resolved() -> None:
    with pytest.raises(TypeError, match="not resolved"):
        reveal(parse("${later}"), lambda _: "")
