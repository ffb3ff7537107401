"""The stack of the introduction on AWS: one `up` makes the account's part and the cluster's, and `down` leaves nothing in either."""

import json
from pathlib import Path

import pytest
import yaml

from platinfra.facts.aws import DEFAULT_REGION
from tests.kubernetes.programs import KUBECTL
from tests.targets.aws.leftovers import leftovers
from tests.targets.aws.stacks import ACCOUNT, text_of
from tests.targets.aws.test_lifecycle import drift
from tests.targets.aws.test_routes import FIXTURES, new_account
from tests.terraform import TERRAFORM

NAME = "aws-mlops-stack"


def seed(**cluster: list[str]) -> str:
    """Return the stack with the charts of the tests, and what it says of the new cluster."""
    data = yaml.safe_load(text_of("seed"))
    data["deployment"] |= {"charts": str(FIXTURES), "cluster": cluster}
    return str(yaml.safe_dump(data, sort_keys=False))


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(TERRAFORM is None or KUBECTL is None, reason="terraform or kubectl is not on this machine")
def test_one_up_makes_the_seed_and_down_takes_all_of_it_out(tmp_path: Path) -> None:
    with new_account(tmp_path) as (cloud, api):
        before = api.everything()
        cloud.region = DEFAULT_REGION
        cloud.write(seed())
        refused = cloud.run("up", "--yes")
        assert refused.code == 2, refused.said
        assert "api-unreachable" in refused.said
        assert leftovers(cloud.url, cloud.region) == set()

        cloud.write(seed(**{"public-access": ["203.0.113.7/32"]}))
        cloud.does("up", "--yes")
        status = json.loads(cloud.does("status", "--json"))
        assert {each["name"] for each in status["components"] if each["health"] != "healthy"} == set()
        assert "nothing to do" in cloud.does("plan", "--exit-code")
        assert drift(cloud, code=0) == []

        cloud.client("s3").delete_public_access_block(Bucket=f"{NAME}-s3-{ACCOUNT}")
        cloud.client("rds").modify_db_instance(DBInstanceIdentifier=f"{NAME}-rds", DeletionProtection=False)
        cloud.client("iam").untag_role(RoleName=f"{NAME}-mlflow", TagKeys=["platinfra:component"])
        assert drift(cloud) == [
            ("module.component_rds.aws_db_instance.this deletion_protection", True, False),
            ("module.component_s3.aws_s3_bucket_public_access_block.this", "exists", None),
            ("module.identity_mlflow__main.aws_iam_role.this tags.platinfra:component", "mlflow", None),
            ("module.identity_mlflow__main.aws_iam_role.this tags_all.platinfra:component", "mlflow", None),
        ]
        cloud.does("down", "--delete-data", "--confirm", NAME)
        assert leftovers(cloud.url, cloud.region) == set()
        assert not (cloud.state / "default").exists()
        # Helm leaves definitions; these went with the cluster.
        assert {each.partition(".")[0] for each in api.everything() - before} == {"customresourcedefinitions"}
