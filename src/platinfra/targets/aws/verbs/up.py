"""Bring a stack on AWS up, or up to date."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError, refuse
from platinfra.drivers.aws_account import Account, Needs
from platinfra.drivers.aws_state import StateBucket
from platinfra.drivers.files import make_state_folder
from platinfra.drivers.lock import stack_lock
from platinfra.drivers.terraform import find
from platinfra.facts.aws import eks, instance_types
from platinfra.model.plan import Change
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Applied, Talk
from platinfra.targets.aws import users
from platinfra.targets.aws.place import UNKNOWN_ACCOUNT
from platinfra.targets.aws.verbs import given, records, session
from platinfra.targets.aws.verbs.applications import open_session
from platinfra.targets.aws.verbs.changes import changes_of, find_losses
from platinfra.targets.aws.verbs.plan import part_of, planned_of
from platinfra.targets.aws.verbs.progress import Progress
from platinfra.targets.aws.verbs.session import Session
from platinfra.targets.aws.verbs.stack import CloudStack, cloud_stack
from platinfra.targets.kubernetes.verbs import routes
from platinfra.targets.kubernetes.verbs import up as cluster
from platinfra.targets.kubernetes.verbs.plan import ClusterPlan
from platinfra.targets.kubernetes.verbs.session import refuse_impossible
from platinfra.targets.target import not_confirmed

_NEXT = "platinfra plan · platinfra drift · platinfra permissions · platinfra down"


def up(stack: Resolved, talk: Talk, *, move_ports: bool = False) -> Applied:
    """
    Apply a stack; raise PlatinfraError before anything is touched, ActionError when something failed.

    What was made before a failure stays and is in the state; the next `up` goes on from there. Applications come
    after the infrastructure.
    """
    del move_ports  # those of a machine are its own
    refuse(replace(each, severity="error") for each in stack.warnings if each.code == "placeholder")
    cloud = cloud_stack(stack)
    if cloud.place.account == UNKNOWN_ACCOUNT:
        hint = "write the 12 digits of your AWS account: `provider: {account-id: …}`"
        raise PlatinfraError(Diagnostic("missing-key", "`account-id` is missing", hint=hint))
    records.refuse_another(cloud)
    find()
    if cloud.installs:
        refuse_impossible(stack, cloud.bundle())
    warnings = _preflight(cloud)
    cloud = session.as_it_runs(cloud)
    make_state_folder(cloud.workspace)
    with stack_lock(cloud.workspace.root, "up"):
        with session.session(cloud) as made:
            changes, outputs = _apply(cloud, made, talk)
        brought, waiting = _install(cloud, outputs, talk) if cloud.installs else (None, ())
    part = part_of(changes)
    planned = planned_of(cloud, part, brought, warnings)
    same = (part.nothing,) if part.is_empty else ()
    if brought is None:
        return Applied(planned, (_where(cloud),), (*same, *_further(cloud)))
    waiting = (*waiting, *_delegation(cloud, outputs, waiting=bool(waiting)))
    notes = (*same, *waiting, *_for_people(cloud), *cluster.notes(brought))
    return Applied(planned, (_where(cloud), *cluster.addresses(brought)), notes)


def _preflight(cloud: CloudStack) -> tuple[Diagnostic, ...]:
    """Look at the account before anything is made there; return what is worth a warning, raise what is wrong."""
    account = session.account_of(cloud)
    found = list(account.check_region())
    if not session.is_up(cloud, account):
        found += [each for name in _bucket_names(cloud) for each in account.check_bucket_name(name)]
        found += account.check_quotas(_needs(cloud))
        if cloud.place.kind == "kubernetes" and not cloud.place.cluster.name:
            found += [*_check_reach(cloud), *_check_zones(cloud, account)]
            found += given.find_missing(cloud) if cloud.installs else ()
    refuse(each for each in found if each.severity == "error")
    if cloud.place.deployment.state != "local":
        StateBucket(account).ensure()
    return tuple(found)


def _check_reach(cloud: CloudStack) -> Iterator[Diagnostic]:
    """Yield that `up` could not install the applications: the new cluster's API would let in nobody but its nodes."""
    cluster = cloud.place.cluster
    if cloud.installs and not cluster.public_access and not cluster.private_access:
        message = "the API of the new cluster is private, and nobody may reach it to install the applications"
        hint = (
            "name who may: `deployment: {cluster: {private-access: [10.8.0.0/16]}}` for a VPN, a bastion or CI in the network, "
            "or `public-access: [ADDRESS/32]`; or leave it to a GitOps controller: `applications: gitops`"
        )
        yield Diagnostic("api-unreachable", message, hint=hint)


def _check_zones(cloud: CloudStack, account: Account) -> Iterator[Diagnostic]:
    """Yield the zones and subnets that the file names where EKS has no control plane."""
    network = cloud.place.network
    without = eks().unsupported_zones.get(cloud.place.region.name, ())
    named = account.zone_ids(network.private_subnets if network.vpc_id else network.zones) if without else {}
    for name, zone in named.items():
        if zone in without:
            message = f"`{name}` is in the zone {zone} of this account, where EKS has no control plane"
            yield Diagnostic("unsupported-zone", message, hint="name another, or leave out `zones`")


def _bucket_names(cloud: CloudStack) -> list[str]:
    root, _ = cloud.with_state
    calls = root.modules.values()
    named = [each["name"] for each in calls if each["source"] in {"./modules/bucket", "./modules/release"}]
    return [str(name) for name in (*named, *(each.get("flow_log_bucket") for each in calls)) if name]


def _needs(cloud: CloudStack) -> Needs:
    """Return how much of what AWS limits the stack takes."""
    place, types = cloud.place, instance_types()
    makes_network = not place.network.vpc_id
    addresses = place.zone_count if place.network.nat == "per_zone" else 1
    if place.kind == "cloud_vm":
        cpus = types[place.machine.instance_type].cpus
    elif place.cluster.name or place.cluster.spot:
        cpus = 0
    else:
        cpus = place.cluster.min * max(types[each].cpus for each in place.cluster.instance_types)
    return Needs(
        vpcs=int(makes_network),
        addresses=addresses if makes_network else 0,
        clusters=int(place.kind == "kubernetes" and not place.cluster.name),
        cpus=cpus,
    )


def _apply(cloud: CloudStack, made: Session, talk: Talk) -> tuple[list[Change], dict[str, Any]]:
    """Return what was changed, and what Terraform knows now."""
    progress = Progress(talk.emit, time.monotonic())
    planned = made.terraform.plan(made.planfile, on_event=progress.planning)
    changes = changes_of(planned.changes, made.show)
    if changes and not talk.may_change(cloud.place.stack, changes):
        what = "would lose data" if find_losses(changes) else f"would change {len(changes)} resources"
        raise not_confirmed(f"`up` {what}", "confirm with `--yes`")
    records.write(cloud, pending=True)
    made.applied = True
    if planned.changed:
        progress.expect(changes)
        made.terraform.apply(made.planfile, progress.applying)
    outputs = made.terraform.output()
    records.write(cloud, pending=False)
    return changes, outputs


def _install(cloud: CloudStack, outputs: dict[str, Any], talk: Talk) -> tuple[ClusterPlan, tuple[str, ...]]:
    """Install the applications; return what was done, and which hosts still wait for a certificate."""
    opened = open_session(cloud, outputs, give=True)
    done = cluster.bring_up(opened, talk)
    return done, tuple(routes.find_waiting(opened.bundle, opened.world.cluster))


def _delegation(cloud: CloudStack, outputs: dict[str, Any], *, waiting: bool) -> Iterator[str]:
    """Yield what the owner of the parent domain has to do for a new zone, which nobody asks before."""
    domain = cloud.place.deployment.domain
    servers = outputs.get("platform", {}).get("domain_name_servers")
    routes_tls = cloud.place.deployment.routes and cloud.place.deployment.routes.tls
    if domain and servers and (waiting or not routes_tls):
        named = ", ".join(servers)
        yield f"{domain.name} is a new zone: set these name servers (NS) for it where its parent domain is managed: {named}"


def _where(cloud: CloudStack) -> tuple[str, str]:
    place = cloud.place
    in_cluster = "cluster" in cloud.stack.ground.places
    kind, name = ("cluster", place.cluster_name) if in_cluster else ("machine", place.name("machine"))
    return kind, f"{name} in {place.region.name}"


def _for_people(cloud: CloudStack) -> tuple[str, ...]:
    """Return how each role of users gets into the cluster with kubectl."""
    place = cloud.place
    command = f"aws eks update-kubeconfig --region {place.region.name} --name {place.cluster_name}"
    return tuple(
        f"kubectl for {role.key}: {command} --role-arn {place.role_arn(role.name)}"
        for role in users.roles(cloud.values)
    )


def _further(cloud: CloudStack) -> tuple[str, ...]:
    """Return what is done without `up`, and the commands that come next."""
    if "cluster" in cloud.stack.ground.places:
        return (*_for_people(cloud), _NEXT)
    names = ", ".join(each.name for each in cloud.stack.graph.components.values() if not each.is_service)
    return (f"The machine installs the stack by itself; the first time takes some minutes: {names}.", _NEXT)
