"""The evaluator decides as AWS documents it; each row would be decided otherwise by a likely mistake."""

from typing import Any

import pytest

from tests.targets.aws.evaluator import Call, allowed, may_assume

OBJECT = "arn:aws:s3:::data/mlflow/model.pkl"


def statement(effect: str = "Allow", **parts: Any) -> dict[str, Any]:
    whole = {"Effect": effect, **parts}
    whole |= {"Action": "s3:GetObject"} if not {"Action", "NotAction"} & set(parts) else {}
    whole |= {"Resource": "*"} if not {"Resource", "NotResource"} & set(parts) else {}
    return whole


def decide(*statements: dict[str, Any], action: str = "s3:GetObject", resource: str = OBJECT, **context: Any) -> bool:
    keys = tuple((name.replace("__", ":").replace("_", "-"), value) for name, value in context.items())
    return allowed(
        [{"Version": "2012-10-17", "Statement": [each]} for each in statements], Call(action, resource, keys)
    )


def test_what_nobody_allows_is_denied() -> None:
    assert not decide()
    assert not allowed([], Call("s3:GetObject", OBJECT))
    assert decide(statement())


@pytest.mark.parametrize("order", [1, -1])
def test_a_deny_wins_in_any_order(order: int) -> None:
    assert not decide(*[statement(), statement("Deny")][::order])
    assert decide(*[statement(), statement("Deny", Action="s3:PutObject")][::order])
    assert not decide(statement("Deny", Action="s3:PutObject"))


def test_statements_may_stand_alone_or_in_a_list() -> None:
    assert allowed([{"Statement": statement()}], Call("s3:GetObject", OBJECT))
    assert allowed([{"Statement": [statement(Action="s3:PutObject"), statement()]}], Call("s3:GetObject", OBJECT))


@pytest.mark.parametrize(
    ("pattern", "action", "wanted"),
    [
        ("s3:GetObject", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:Get*", "s3:GetObject", True),
        ("s3:Get*", "s3:PutObject", False),
        ("s3:GetObject", "s3:GetObjectVersion", False),
        ("s3:GetObject?", "s3:GetObject", False),
        ("s3:?etObject", "s3:GetObject", True),
        ("*", "s3:GetObject", True),
        ("Object", "s3:GetObject", False),
    ],
)
def test_actions(pattern: str, action: str, wanted: bool) -> None:
    assert decide(statement(Action=pattern), action=action) == wanted
    assert decide(statement(Action=["iam:PassRole", pattern]), action=action) == wanted
    assert decide(statement(NotAction=pattern), action=action) != wanted
    assert decide(statement(NotAction=["iam:PassRole", pattern]), action=action) != wanted


@pytest.mark.parametrize(
    ("pattern", "resource", "wanted"),
    [
        (OBJECT, OBJECT, True),
        ("arn:aws:s3:::data/mlflow/*", OBJECT, True),
        ("arn:aws:s3:::data/mlflow/*", "arn:aws:s3:::data/mlflow2/model.pkl", False),
        ("arn:aws:s3:::data/mlflow/*", "arn:aws:s3:::data/mlflow", False),
        ("arn:aws:s3:::data/mlflow/*", "arn:aws:s3:::data/MLFLOW/model.pkl", False),
        ("arn:aws:s3:::data/mlflow/*", "arn:aws:s3:::data/mlflow/a/b", True),
        ("arn:aws:s3:::data", OBJECT, False),
        ("arn:aws:s3:::da.a", "arn:aws:s3:::data", False),
        ("arn:aws:sm:r:1:secret:a-??????", "arn:aws:sm:r:1:secret:a-AbCdEf", True),
        ("arn:aws:sm:r:1:secret:a-??????", "arn:aws:sm:r:1:secret:a-AbCdE", False),
        ("arn:aws:sm:r:1:secret:a-??????", "arn:aws:sm:r:1:secret:a-b-AbCdEf", False),
        ("arn:aws:sm:*:secret:a", "arn:aws:sm:r:1:secret:a", False),
        ("arn:aws:logs:r:1:log-group:a:*", "arn:aws:logs:r:1:log-group:a:log-stream:b", True),
        ("arn:aws:s3:::data/mlflow/*", "*", False),
        ("*", "*", True),
    ],
)
def test_resources(pattern: str, resource: str, wanted: bool) -> None:
    assert decide(statement(Resource=pattern), resource=resource) == wanted
    assert decide(statement(Resource=["arn:aws:s3:::x", pattern]), resource=resource) == wanted
    assert decide(statement(NotResource=pattern), resource=resource) != wanted


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "result"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["b", "a"], "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a", None, False),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringEqualsIfExists", "a", None, True),
        ("StringEqualsIfExists", "a", "b", False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", "a", "a", False),
        ("StringNotEquals", ["a", "b"], "a", False),
        ("StringNotEquals", "a", None, True),
        ("StringNotEqualsIfExists", "a", "a", False),
        ("StringLike", "a/*", "a/b", True),
        ("StringLike", ["a", "a/*"], "ab", False),
        ("StringLike", "a/*", None, False),
        ("StringNotLike", "a*", "ab", False),
        ("StringNotLike", "a*", "b", True),
        ("ArnEquals", "arn:aws:ecs:r:1:cluster/a", "arn:aws:ecs:r:1:cluster/a", True),
        ("ArnEquals", "arn:aws:ecs:r:1:cluster/a*", "arn:aws:ecs:r:1:cluster/ab", True),
        ("ArnLike", "arn:aws:ecs:*:cluster/a", "arn:aws:ecs:r:1:cluster/a", False),
        ("ArnLike", "arn:aws:ecs:*:1:cluster/a", "arn:aws:ecs:r:1:cluster/a", True),
        ("ArnLike", "arn:aws:ecs:r:1:*", "arn:aws:ecs:r:1:task/a:b", True),
        ("ArnNotLike", "arn:aws:ecs:r:1:*", "arn:aws:ecs:r:2:task/a", True),
        ("Bool", "true", "True", True),
        ("Bool", "true", "false", False),
        ("Bool", "true", None, False),
        ("Bool", True, "true", True),
        ("BoolIfExists", "true", None, True),
        ("Null", "true", None, True),
        ("Null", "true", "a", False),
        ("Null", "false", "a", True),
        ("ForAnyValue:StringEquals", ["a", "b"], ("x", "b"), True),
        ("ForAnyValue:StringEquals", ["a", "b"], ("x", "y"), False),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAnyValue:StringNotEquals", ["a"], None, False),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "x"), False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAllValues:StringNotEquals", ["a"], ("b", "a"), False),
        ("ForAllValues:StringLike", ["platinfra:*"], ("platinfra:stack", "platinfra:component"), True),
    ],
)
def test_conditions(operator: str, wanted: Any, found: Any, result: bool) -> None:
    context = {} if found is None else {"aws__key": found}
    assert decide(statement(Condition={operator: {"AWS:Key": wanted}}), **context) == result
    unmet = statement("Deny", Condition={operator: {"aws:key": wanted}})
    assert decide(statement(), unmet, **context) != result


def test_all_operators_and_all_keys_have_to_hold() -> None:
    both = statement(Condition={"StringEquals": {"aws:a": "1", "aws:b": "2"}, "Bool": {"aws:c": "true"}})
    assert decide(both, aws__a="1", aws__b="2", aws__c="true")
    assert not decide(both, aws__a="1", aws__b="x", aws__c="true")
    assert not decide(both, aws__a="1", aws__b="2")


def test_variables_stand_for_what_the_request_has() -> None:
    own = statement(Resource="arn:aws:s3:::data/${aws:userid}/*")
    assert decide(own, resource="arn:aws:s3:::data/AID/x", aws__userid="AID")
    assert not decide(own, resource="arn:aws:s3:::data/OTHER/x", aws__userid="AID")
    assert not decide(own, resource="arn:aws:s3:::data//x")
    tagged = statement(Condition={"StringEquals": {"aws:a": "${aws:b}"}})
    assert decide(tagged, aws__a="1", aws__b="1")
    assert not decide(tagged, aws__a="1", aws__b="2")
    assert not decide(tagged, aws__a="${aws:b}")


def test_an_operator_that_is_not_known_is_no_guess() -> None:
    with pytest.raises(KeyError):
        decide(statement(Condition={"NumericLessThan": {"aws:key": "1"}}), aws__key="0")
    with pytest.raises(ValueError, match="compares one value"):
        decide(statement(Condition={"StringEquals": {"aws:key": "1"}}), aws__key=("1", "2"))


def test_who_may_assume_a_role() -> None:
    pods = {"Service": "pods.eks.amazonaws.com"}
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": pods,
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
            }
        ]
    }
    here = Call("sts:AssumeRole", context=(("aws:SourceAccount", "1"),))
    assert may_assume(trust, pods, here)
    assert not may_assume(trust, {"Service": "ec2.amazonaws.com"}, here)
    assert not may_assume(trust, {"AWS": "pods.eks.amazonaws.com"}, here)
    assert not may_assume(trust, pods, Call("sts:AssumeRole", context=(("aws:SourceAccount", "2"),)))
    assert not may_assume(trust, pods, Call("sts:AssumeRole"))
    assert not may_assume(trust, pods, Call("sts:AssumeRoleWithSAML", context=here.context))
    anybody = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    assert may_assume(anybody, {"AWS": "arn:aws:iam::1:role/a"}, Call("sts:AssumeRole"))
    denied = {"Statement": [*anybody["Statement"], {**anybody["Statement"][0], "Effect": "Deny"}]}
    assert not may_assume(denied, {"AWS": "arn:aws:iam::1:role/a"}, Call("sts:AssumeRole"))
