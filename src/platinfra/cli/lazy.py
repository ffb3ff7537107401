"""Commands are imported when they are run; their help lines stand in a table."""

from importlib import import_module

import click

SUMMARIES = {
    "init": "Write a commented stack file.",
    "validate": "Check a stack file and list every problem, offline.",
    "plan": "Show what `up` would do, and why.",
    "up": "Start a stack, or update it.",
    "status": "Show component health.",
    "portal": "Show the stack as a web page.",
    "logs": "Show the logs of components.",
    "open": "Open a component's page in the browser.",
    "restart": "Restart one component.",
    "env": "Print the variables that a client of the stack needs.",
    "run": "Run a command as a client of the stack.",
    "check": "Test each component and each wire with real clients.",
    "graph": "Draw a stack as text, Mermaid or SVG.",
    "render": "Write a stack as Terraform, charts and manifests.",
    "images": "Build, push and pin the images of a stack.",
    "permissions": "Show who may do what, and which wire requires it.",
    "cost": "Estimate what a stack on AWS costs in a month, by prices that you give.",
    "tools": "List the tools of the catalog.",
    "explain": "Explain a tool, a stage, a setting or an error.",
    "models": "List registered models, promote a version, or roll back.",
    "audit": "Show who changed a stack, and verify that record.",
    "drift": "Show what was changed by hand since `up`.",
    "unlock": "Release the lock that a dead command left behind.",
    "down": "Stop a stack, or remove it from its cluster or AWS account.",
    "doctor": "Check whether this machine has what a stack needs.",
    "schema": "Print the JSON Schema of the stack file or of tool.yaml.",
    "completion": "Print the completion script for a shell.",
}


class LazyGroup(click.Group):
    """Finds commands by name in `platinfra.cli.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which people need them."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in SUMMARIES:
            return None
        command: click.Command = import_module(f"platinfra.cli.commands.{cmd_name}_command").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command, or name the nearest ones."""
        if args and args[0] not in SUMMARIES and not args[0].startswith("-"):
            from platinfra.diagnostics import did_you_mean

            hint = did_you_mean(args[0], SUMMARIES) or "see `platinfra --help`"
            message = f"unknown command `{args[0]}`: {hint}"
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands from the table, since click would import each for its help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))
