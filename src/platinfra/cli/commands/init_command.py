"""`platinfra init`."""

from pathlib import Path

import click

from platinfra.app.init import asks_for_model, compose_file, init, questionnaire, templates, write
from platinfra.cli import render


@click.command("init")
@click.argument("template", default="local")
@click.option("--name", help="The stack's name. The default is the folder's name.")
@click.option("--list", "only_list", is_flag=True, help="List the templates.")
@click.option("--ask", is_flag=True, help="Choose the tools by answering a few questions.")
@click.option("--force", is_flag=True, help="Overwrite platinfra.yaml.")
def command(template: str, name: str | None, *, only_list: bool, ask: bool, force: bool) -> None:
    """
    Write a commented platinfra.yaml from TEMPLATE, with a project where the template has one.

    \b
    Example:
      platinfra init
      platinfra init minimal --name demo
      platinfra init lifecycle
      platinfra init --ask
    """
    if only_list:
        render.table([list(each) for each in templates().items()], ["template", "description"])
        return
    written = [write(_ask(), name, Path.cwd(), force=force)] if ask else init(template, name, Path.cwd(), force=force)
    more = f" and {len(written) - 1} files of its project" if len(written) > 1 else ""
    render.say_done(f"wrote {written[0].name}{more}; start it with `platinfra up`")


def _ask() -> str:
    answers = {}
    for stage, summary, tools in questionnaire():
        click.echo(summary, err=True)
        chosen = click.prompt(f"  {stage}", type=click.Choice([*tools, "none"]), default=tools[0], err=True)
        if chosen != "none":
            answers[stage] = chosen
    server, model = answers.get("model_serving"), ""
    if server and asks_for_model(server):
        model = click.prompt("Name of the model to serve", default="champion-model", err=True)
    return compose_file(answers, model)
