"""References only fetch values."""

import pytest

from platinfra.model.reference import Kind, Reference, Secret, parse, reveal, secrets, show_text, written_references


def test_text_is_split_at_its_references() -> None:
    assert parse("--port=${endpoints.http.port}!") == ("--port=", Reference(("endpoints", "http", "port")), "!")


def test_two_dollars_are_one() -> None:
    assert parse("$${HOME} costs 5$") == ("${HOME} costs 5$",)


@pytest.mark.parametrize("text", ["${}", "${a b}", "${a|upper}", "${if x}", "${a.}", "${1}"])
def test_a_reference_is_a_dotted_name_and_nothing_more(text: str) -> None:
    with pytest.raises(ValueError, match="can only name a value"):
        parse(text)


def test_what_is_written_as_a_reference_is_found_well_formed_or_not() -> None:
    assert list(written_references("$${HOME} ${a.b} ${a b} ${} ${open")) == ["${a.b}", "${a b}", "${}", "${open"]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("own", "backend"),
        ("login", "backend-password"),
        ("administrator", "administrator-backend"),
        ("given", "given/backend"),
    ],
)
def test_secrets_are_kept_under_the_names_that_people_have_data_under(kind: Kind, key: str) -> None:
    assert Secret("mlflow", "backend", kind).key == key


def test_a_secret_never_prints_itself() -> None:
    text = ("postgresql://", Secret("mlflow", "password"), "@host")
    assert show_text(text) == "postgresql://<secret mlflow.password>@host"
    assert "value" not in repr(text)
    assert reveal(text, lambda each: f"{each.component}-value") == "postgresql://mlflow-value@host"
    assert list(secrets(text)) == [Secret("mlflow", "password")]


def test_nothing_is_revealed_before_it_is_resolved() -> None:
    with pytest.raises(TypeError, match="not resolved"):
        reveal(parse("${later}"), lambda _: "")
