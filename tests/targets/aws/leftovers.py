"""What is in an account."""

from collections.abc import Iterator
from typing import Any

from tests.targets.aws.conftest import REGION, client

HELD = {
    ("s3", "list_buckets"): "Buckets[].Name",
    ("iam", "list_roles"): "Roles[?!starts_with(Path, '/aws-service-role/')].RoleName",
    ("iam", "list_instance_profiles"): "InstanceProfiles[].InstanceProfileName",
    ("iam", "list_open_id_connect_providers"): "OpenIDConnectProviderList[].Arn",
    ("iam", "list_users"): "Users[].UserName",
    ("ec2", "describe_vpcs"): "Vpcs[?!IsDefault].VpcId",
    ("ec2", "describe_subnets"): "Subnets[?!DefaultForAz].SubnetId",
    ("ec2", "describe_security_groups"): "SecurityGroups[?GroupName != 'default'].GroupName",
    ("ec2", "describe_instances"): "Reservations[].Instances[?State.Name != 'terminated'][].InstanceId",
    ("ec2", "describe_volumes"): "Volumes[].VolumeId",
    ("ec2", "describe_addresses"): "Addresses[].AllocationId",
    ("ec2", "describe_nat_gateways"): "NatGateways[?State != 'deleted'].NatGatewayId",
    ("ec2", "describe_internet_gateways"): "InternetGateways[].InternetGatewayId",
    ("ec2", "describe_network_interfaces"): "NetworkInterfaces[].NetworkInterfaceId",
    ("ec2", "describe_vpc_endpoints"): "VpcEndpoints[?State != 'deleted'].VpcEndpointId",
    ("ec2", "describe_flow_logs"): "FlowLogs[].FlowLogId",
    ("ec2", "describe_launch_templates"): "LaunchTemplates[].LaunchTemplateName",
    ("rds", "describe_db_instances"): "DBInstances[].DBInstanceIdentifier",
    ("rds", "describe_db_snapshots"): "DBSnapshots[].DBSnapshotIdentifier",
    ("rds", "describe_db_subnet_groups"): "DBSubnetGroups[].DBSubnetGroupName",
    ("rds", "describe_db_parameter_groups"): "DBParameterGroups[].DBParameterGroupName",
    ("secretsmanager", "list_secrets"): "SecretList[].Name",
    ("logs", "describe_log_groups"): "logGroups[].logGroupName",
    ("efs", "describe_file_systems"): "FileSystems[].FileSystemId",
    ("eks", "list_clusters"): "clusters",
    ("ecr", "describe_repositories"): "repositories[].repositoryName",
    ("batch", "describe_compute_environments"): "computeEnvironments[].computeEnvironmentName",
    ("batch", "describe_job_queues"): "jobQueues[].jobQueueName",
    ("batch", "describe_job_definitions"): "jobDefinitions[?status == 'ACTIVE'].jobDefinitionName",
    ("ecs", "list_clusters"): "clusterArns",
    ("ecs", "list_task_definitions"): "taskDefinitionArns",
    ("stepfunctions", "list_state_machines"): "stateMachines[].name",
    ("sagemaker", "list_model_package_groups"): "ModelPackageGroupSummaryList[].ModelPackageGroupName",
    ("sagemaker", "list_models"): "Models[].ModelName",
    ("sagemaker", "list_endpoints"): "Endpoints[].EndpointName",
    ("sagemaker", "list_endpoint_configs"): "EndpointConfigs[].EndpointConfigName",
    ("glue", "get_databases"): "DatabaseList[].Name",
    ("glue", "list_jobs"): "JobNames",
    ("sns", "list_topics"): "Topics[].TopicArn",
    ("sqs", "list_queues"): "QueueUrls",
    ("events", "list_rules"): "Rules[].Name",
    ("cloudwatch", "describe_alarms"): "MetricAlarms[].AlarmName",
    ("cloudwatch", "list_dashboards"): "DashboardEntries[].DashboardName",
    ("route53", "list_hosted_zones"): "HostedZones[].Name",
    ("acm", "list_certificates"): "CertificateSummaryList[].DomainName",
    ("ssm", "describe_parameters"): "Parameters[?!starts_with(Name, '/aws/')].Name",
    ("kms", "list_aliases"): "Aliases[?!starts_with(AliasName, 'alias/aws/')].AliasName",
}
"""Service and call → what the call finds that somebody made."""


def leftovers(url: str, region: str = REGION) -> set[str]:
    """Return everything of the services that stacks use, but what AWS makes itself."""
    return {*_listed(url, region), *_keys(client(url, "kms", region))}


def _listed(url: str, region: str) -> Iterator[str]:
    import jmespath

    for (service, call), path in HELD.items():
        own = client(url, service, region)
        pages = own.get_paginator(call).paginate() if own.can_paginate(call) else [getattr(own, call)()]
        for page in pages:
            yield from (f"{service} {each}" for each in jmespath.search(path, page) or ())


def _keys(kms: Any) -> Iterator[str]:
    """Yield the keys of the account that are not on their way out."""
    for each in kms.list_keys()["Keys"]:
        key = kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]
        if key["KeyState"] != "PendingDeletion" and key["KeyManager"] == "CUSTOMER":
            yield f"kms {each['KeyId']}"
