"""What stands below the progress of `up`."""

import click

from platinfra.app.up import Applied
from platinfra.cli.cloud_text import print_cloud_applied


def print_cluster_applied(applied: Applied) -> None:
    """Say where in the cluster the stack is."""
    assert applied.planned.cluster is not None
    values = applied.planned.cluster.bundle.values
    if all(each.verb == "unchanged" for each in applied.changes):
        click.echo("nothing to do: the cluster is as the file says", err=True)
    click.echo(f"namespace        {values.place.namespace}")
    for component in values.graph.components.values():
        if "http" in values.tool(component).endpoints and not component.is_service:
            click.echo(f"{component.name:<16} {values.address(component) or values.url(component, 'http')}")
    click.echo("\nplatinfra status · platinfra open NAME · platinfra drift · platinfra down", err=True)


def print_addresses(applied: Applied) -> None:
    """Print the address of each component that has one, and what to do next."""
    if applied.cloud is not None:
        print_cloud_applied(applied.cloud)
    if applied.planned.cluster is not None:
        print_cluster_applied(applied)
        return
    plan = applied.planned.plan
    if plan is None:
        return
    if all(each.verb == "unchanged" for each in applied.changes):
        click.echo("nothing to do: everything runs as the file says", err=True)
    for name, data in plan.components.items():
        endpoints = data["endpoints"]
        if "http" in endpoints:
            click.echo(f"{name:<16} {endpoints['http']['url']}")
    click.echo("\nplatinfra status · platinfra open NAME · platinfra run -- CMD · platinfra down", err=True)
