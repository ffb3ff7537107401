"""What of a stack on AWS is in its cluster: brought there after the infrastructure, taken out before it goes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError
from platinfra.drivers import eks
from platinfra.drivers.aws_account import Account
from platinfra.drivers.cloud_secrets import CloudSecrets
from platinfra.drivers.secret_store import SecretStore
from platinfra.model.cluster import ObjectRef
from platinfra.model.event import Event
from platinfra.model.workspace import Workspace
from platinfra.resolve.workspace import resolve_workspace
from platinfra.targets.aws.cloud import AwsCloud, owner
from platinfra.targets.aws.record import CloudRecord
from platinfra.targets.aws.verbs import session
from platinfra.targets.aws.verbs.given import copy_secrets
from platinfra.targets.aws.verbs.stack import CloudStack, cloud_stack, site_on_aws
from platinfra.targets.kubernetes.actions import ClusterWorld
from platinfra.targets.kubernetes.place import prefix
from platinfra.targets.kubernetes.verbs.down import take_out as remove
from platinfra.targets.kubernetes.verbs.plan import ClusterPlan, compared_with_cluster
from platinfra.targets.kubernetes.verbs.session import Session, session_of, world_of
from platinfra.targets.kubernetes.verbs.site import Site

_RECORDS_GONE = 180.0
"""Seconds for ExternalDNS to remove the records of hosts that are gone: it looks every minute."""
_AGAIN = 2.0
"""Seconds until AWS is asked again."""
_VOLUMES_GONE = 300.0
"""Seconds for AWS to delete the disks of volumes."""


def open_session(cloud: CloudStack, outputs: Mapping[str, Any], *, give: bool = False) -> Session:
    """
    Look at the cluster that Terraform made or was told of; raise PlatinfraError with what would not work there.

    With `give`, Secrets that people keep in Secrets Manager are copied into it before.
    """
    site = site_on_aws(cloud.workspace)
    reach(cloud, site)
    world = _world(cloud, site, outputs)
    bundle = cloud.bundle(outputs, world.version)
    if give:
        copy_secrets(cloud.place, bundle, world.cluster)
    return session_of(cloud.stack, bundle, site, world)


def reach(cloud: CloudStack, site: Site) -> None:
    """Write how to reach the cluster; raise ActionError when it does not exist."""
    place = cloud.place
    found = eks.cluster(session.account_of(cloud), place.cluster_name)
    if found is None:
        message = f"there is no EKS cluster `{place.cluster_name}` in {place.region.name}"
        raise ActionError(Diagnostic("cluster-unreachable", message, hint="`platinfra up` creates it"))
    assert site.kubeconfig
    eks.write_kubeconfig(site.kubeconfig, found, place.region.name, place.region.domain)


def _world(cloud: CloudStack, site: Site, outputs: Mapping[str, Any]) -> ClusterWorld:
    place = cloud.place
    try:
        world = world_of(site, prefix(place.stack, place.environment))
    except PlatinfraError as error:
        if place.cluster.public_access or {each.code for each in error.diagnostics} != {"cluster-unreachable"}:
            raise
        hint = (
            "run it inside the network, from a range that `deployment: {cluster: {private-access: […]}}` names, or allow your "
            "address: `public-access: [ADDRESS/32]`"
        )
        raise PlatinfraError(*(replace(each, hint=hint) for each in error.diagnostics)) from None
    store, source = SecretStore(place.prefix, place.region.name), AwsCloud(cloud.values, outputs).secret
    made, unmade = (CloudSecrets(store, source, each) for each in (world.secrets, world.unmade))
    return replace(world, secrets=made, unmade=unmade)


def take_out(
    workspace: Workspace,
    record: CloudRecord,
    emit: Callable[[Event], None],
    account: Account,
    zone: str | None,
    *,
    keep_data: bool,
) -> tuple[str, ...]:
    """
    Remove the applications; return what of their data stays. Nothing is done where none were brought in.

    Before the controllers go, they remove load balancers and the records in the `zone`.

    Raises PlatinfraError when the cluster is there and does not answer: disks and load balancers would stay behind.
    """
    site = site_on_aws(workspace)
    there = site.record()
    if not there.applied and not there.kept:
        _refuse_strange(workspace, site, account)
        return ()
    if record.eks_cluster is None or eks.cluster(account, record.eks_cluster) is None:
        return ()
    world = world_of(site, there.namespace)
    volumes = _volumes(world, there.namespace)
    mine = owner(record.account, record.region, there.namespace)
    remove(site, emit, keep_data=keep_data, routes_gone=lambda: _wait_for_records(account, zone, mine))
    left = tuple(f"DNS record {each}" for each in account.records_of(zone, mine)) if zone else ()
    if keep_data:
        return (*left, *(f"disk of the volume {each}" for each in volumes))
    _wait_for_disks(world, there.namespace)
    return left


def _wait_for_records(account: Account, zone: str | None, mine: str) -> None:
    """Give ExternalDNS time to remove the records of the stack's hosts; what is left is told, and goes with a zone of the stack."""
    deadline = time.monotonic() + _RECORDS_GONE
    while zone and account.records_of(zone, mine) and time.monotonic() < deadline:
        time.sleep(_AGAIN)


def _refuse_strange(workspace: Workspace, site: Site, account: Account) -> None:
    """Raise PlatinfraError when the cluster has applications that were brought there from another folder."""
    if not workspace.file.is_file():
        return
    cloud = cloud_stack(resolve_workspace(workspace))
    if not cloud.installs:
        return
    if eks.cluster(account, cloud.place.cluster_name) is None:
        return
    reach(cloud, site)
    namespace = prefix(cloud.place.stack, workspace.environment)
    try:
        there = world_of(site, namespace).cluster.get(ObjectRef("v1", "Namespace", namespace))
    except PlatinfraError:
        return  # nobody here can tell; whoever never got in brought nothing there
    if there is not None:
        message = f"the namespace `{namespace}` exists in the cluster, but this folder has no record of its content"
        hint = "run `platinfra up` first to take over what is there"
        raise PlatinfraError(Diagnostic("applications-of-another", message, hint=hint))


def _volumes(world: ClusterWorld, namespace: str) -> list[str]:
    """Return the persistent volumes whose claims are in a namespace."""
    found = world.cluster.find("persistentvolumes")
    claims = {each["metadata"]["name"]: each["spec"].get("claimRef", {}) for each in found}
    return sorted(name for name, claim in claims.items() if claim.get("namespace") == namespace)


def _wait_for_disks(world: ClusterWorld, namespace: str) -> None:
    """Wait until the disks of deleted claims are gone: nobody would delete them once the cluster is."""
    deadline = time.monotonic() + _VOLUMES_GONE
    while left := _volumes(world, namespace):
        if time.monotonic() > deadline:
            message = f"AWS has not deleted the disks of {', '.join(left)}"
            hint = "see `kubectl get persistentvolumes`; the infrastructure is still there, so run `down` again"
            raise ActionError(Diagnostic("not-deleted", message, hint=hint))
        time.sleep(1)


def plan_applications(cloud: CloudStack, outputs: Mapping[str, Any]) -> ClusterPlan:
    """Compare the applications with the cluster; before the infrastructure there is none to look at."""
    if not outputs:
        return ClusterPlan(cloud.bundle(), None, offline="`up` creates it and then installs the applications")
    return compared_with_cluster(lambda: open_session(cloud, outputs), cloud.bundle)
