"""Existing roles, such as those of CI and of Identity Center, use a new cluster by its access entries."""

import pytest

from platinfra.diagnostics import PlatinfraError
from tests.targets.aws.stacks import ACCOUNT, root_of
from tests.targets.aws.test_nodes import EXISTING, stack

CI = f"arn:aws:iam::{ACCOUNT}:role/ci"
SSO = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Data_0123456789abcdef"
pytestmark = pytest.mark.finding("A19")


def test_existing_roles_get_the_access_of_a_role_of_users_and_none_is_made() -> None:
    modules = root_of(stack(f"cluster: {{access: {{{CI}: admin, {SSO}: data_scientist}}}}")).modules
    assert modules["cluster"]["access_entries"] == {
        CI: {"principal_arn": CI, "policy": "AmazonEKSClusterAdminPolicy", "scope_namespaces": []},
        # EKS refuses the ARN without its path: that is no role. Only the older `aws-auth` wanted it so.
        SSO: {"principal_arn": SSO, "policy": "AmazonEKSViewPolicy", "scope_namespaces": ["churn"]},
    }
    assert not [label for label in modules if label.startswith("access_")]


@pytest.mark.parametrize(
    ("deployment", "code"),
    [
        ("cluster: {access: {ci: admin}}", "invalid-arn"),
        (f"cluster: {{access: {{arn:aws:sts::{ACCOUNT}:assumed-role/ci/session: admin}}}}", "invalid-arn"),
        ("cluster: {access: {arn:aws:iam::999999999999:role/ci: admin}}", "invalid-arn"),
        (f"cluster: {{access: {{{CI}: owner}}}}", "unknown-value"),
        (EXISTING.replace("sg-0a1b2c3d}", f"sg-0a1b2c3d, access: {{{CI}: admin}}}}"), "setting-of-another-target"),
    ],
)
def test_what_is_no_role_of_the_account_is_refused_in_its_place(deployment: str, code: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        root_of(stack(deployment))
    (found,) = raised.value.diagnostics
    assert found.code == code
    assert found.span
