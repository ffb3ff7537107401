"""How a tool runs on AWS, as authors of `tool.yaml` write it: a Terraform module, roles, and what wires grant."""

from typing import Any

from pydantic import Field

from platinfra.catalog.entry import Entry


class AwsStatement(Entry):
    """One IAM statement; its texts may hold references."""

    actions: list[str] = Field(description="IAM actions, each spelt out.")
    resources: list[str] = Field(description="ARNs, as narrow as AWS allows.")
    conditions: dict[str, dict[str, str | list[str]]] = Field(default={}, description="Operator to key to value.")
    reason: str | None = Field(default=None, description="Why a resource has to be `*`: AWS cannot scope the actions.")
    copied: bool = Field(
        default=False,
        description="It opens what pods find in a Secret of the cluster, so that their roles do without it.",
    )


class AwsRole(Entry):
    """A role that an AWS service assumes for the tool."""

    service: str = Field(description="The service principal, such as ecs-tasks.amazonaws.com.")
    source: str | None = Field(
        default=None, description="ARN pattern that `aws:SourceArn` of the service has to match."
    )
    statements: list[AwsStatement] = Field(default=[], description="What it may do regardless of its wires.")
    when: dict[str, list[str | int | bool]] = Field(
        default={}, description="Settings and the values with which the role exists; always, when empty."
    )


class AwsAlarm(Entry):
    """A metric that somebody should hear of."""

    namespace: str = Field(description="CloudWatch namespace, such as AWS/RDS.")
    metric: str = Field(description="The metric.")
    dimensions: dict[str, str] = Field(default={}, description="Which resource's.")
    statistic: str = Field(default="Average", description="What is made of the values of a period.")
    comparison: str = Field(default="GreaterThanThreshold", description="When it rings.")
    threshold: float = Field(description="Compared with the statistic, in the metric's unit.")
    period: int = Field(default=300, description="Seconds.")
    evaluation_periods: int = Field(default=3, description="Periods in a row.")
    description: str = Field(description="What it means, in a sentence.")


class AwsExisting(Entry):
    """Infrastructure that exists already and is named by a setting."""

    setting: str = Field(description="When this setting is not empty, no module is called.")
    outputs: dict[str, str] = Field(description="What stands for the outputs of the module.")


class AwsRun(Entry):
    """How the tool runs on AWS; without a module it is an application of the cluster or the machine."""

    module: str | None = Field(
        default=None, description="A Terraform module of platinfra, or `./FOLDER` of the tool's folder."
    )
    inputs: dict[str, Any] = Field(default={}, description="The module's variables.")
    existing: AwsExisting | None = Field(default=None, description="How to use what exists already.")
    role: AwsRole | None = Field(
        default=None, description="Who acts for the tool with the permissions of its wires, where that is no pod."
    )
    roles: dict[str, AwsRole] = Field(default={}, description="Further roles, by a name of their own.")
    statements: list[AwsStatement] = Field(
        default=[], description="What an application's own role may do, whatever is wired to it."
    )
    grants: dict[str, dict[str, list[AwsStatement]]] = Field(
        default={}, description="Capability to access verb to what the consumer's role gets."
    )
    whole: dict[str, dict[str, list[AwsStatement]]] = Field(
        default={},
        description="What a consumer that cannot share gets beside `grants`: it has a module of its own.",
    )
    alarms: dict[str, AwsAlarm] = Field(default={}, description="What is worth an alarm.")
    failures: dict[str, dict[str, Any]] = Field(
        default={}, description="EventBridge patterns of what is worth a message when it fails."
    )
    administrator: str | None = Field(
        default=None,
        description="kubernetes: ARN of the secret with the `username` and `password` by which `grants` in the cluster make logins.",
    )
    expire: dict[str, str] = Field(
        default={},
        description="Requirement of an object store to the days after which what the tool keeps there is removed.",
    )
    machine_settings: dict[str, str] = Field(
        default={}, description="cloud_vm: settings with which the machine's local recipe reaches it."
    )
