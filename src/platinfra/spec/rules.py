"""Rules of the stack file that no schema can say."""

import re
from collections.abc import Iterator
from functools import partial

from platinfra.diagnostics import Diagnostic, Span, did_you_mean, join_names
from platinfra.document import Document, Path_
from platinfra.model import targets
from platinfra.spec.aws import AwsDeployment
from platinfra.spec.kubernetes import KubernetesDeployment
from platinfra.spec.schema import Deployment, Provider, StackFile
from platinfra.spec.shape import locate

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_MAX_NAME = 30
_PLACEHOLDER = re.compile(r"x{3,}|<.*>|your[-_ ].*|change[-_ ]?me|0{12}|123456789012", re.IGNORECASE)
_ACCOUNT = re.compile(r"\d{12}")


def is_name(text: str) -> bool:
    """Tell whether a text can name a stack or an environment."""
    return bool(_NAME.fullmatch(text)) and len(text) <= _MAX_NAME


def broken_rules(file: StackFile, document: Document) -> Iterator[Diagnostic]:
    """Yield what breaks a rule, and warnings for placeholders."""
    yield from _name_problems(file, document)
    yield from _provider_problems(file, document)
    yield from _user_problems(file, document)


def _name_problems(file: StackFile, document: Document) -> Iterator[Diagnostic]:
    if not is_name(file.name):
        hint = f"lower-case letters, digits and dashes, at most {_MAX_NAME}, beginning with a letter"
        yield Diagnostic("invalid-name", f"`{file.name}` cannot name a stack", document.value_span(("name",)), hint)
    for name in file.environments:
        if not is_name(name) or name == "default":
            hint = "lower-case letters, digits and dashes, beginning with a letter; `default` is the file as it stands"
            span = document.key_span(("environments", name))
            yield Diagnostic("invalid-name", f"`{name}` cannot name an environment", span, hint)
    if not file.stack and document.data.get("stack", True) in ({}, None):
        hint = "add a stage, such as `experiment_tracker: [mlflow]`"
        yield Diagnostic("empty-stack", "the stack names no tool", document.value_span(("stack",)), hint)


def _provider_problems(file: StackFile, document: Document) -> Iterator[Diagnostic]:
    for path, (provider, deployment) in _places(file).items():
        yield from _place_problems(provider, deployment, document, path)


def _places(file: StackFile) -> dict[Path_, tuple[Provider, Deployment]]:
    """Return where the stack is to run: that of the file, and those of environments that say something else."""
    return {(): (file.provider, file.deployment)} | {
        ("environments", name): (each.provider or file.provider, each.deployment or Deployment.model_construct())
        for name, each in file.environments.items()
        if each.provider or each.deployment
    }


def _user_problems(file: StackFile, document: Document) -> Iterator[Diagnostic]:
    """Yield a problem when users have no way in: on AWS they come through the organisation's identity provider."""
    everywhere = _places(file).values()
    if file.users and any(provider.name == "aws" and not deployment.sign_in for provider, deployment in everywhere):
        hint = "name the account's SAML or OIDC provider: `deployment: {sign-in: {provider: arn:…}}`"
        span = document.key_span(locate(document, ("users",)))
        yield Diagnostic("users-without-sign-in", "`users` cannot sign in to AWS", span, hint)


def _place_problems(provider: Provider, deployment: Deployment, document: Document, at: Path_) -> Iterator[Diagnostic]:
    yield from _account_problems(provider, document, at)
    allowed = [each.type for each in targets.get(provider.name).grounds]
    if deployment.type is not None and deployment.type not in allowed:
        span = document.value_span(locate(document, (*at, "deployment", "type")))
        hint = did_you_mean(deployment.type, allowed) or f"one of {join_names(allowed, 'or')}"
        message = f"`{deployment.type}` is not a deployment type of `{provider.name}`"
        yield Diagnostic("unknown-value", message, span, hint)

    def where(*path: str | int, key: bool = False) -> Span | None:
        place = locate(document, (*at, "deployment", *path))
        return document.key_span(place) if key else document.value_span(place)

    if deployment.routes is not None and provider.name != "local":
        from platinfra.spec.route_rules import route_problems

        yield from route_problems(deployment.routes, partial(where, "routes"))
    if provider.name == "aws":
        from platinfra.spec.aws_rules import aws_problems  # start-up time: other targets need none of it

        region = document.value_span(locate(document, (*at, "provider", "region")))
        yield from aws_problems(provider, deployment, where, region)
    yield from _foreign_settings(provider, deployment, document, at)


def _foreign_settings(
    provider: Provider, deployment: Deployment, document: Document, at: Path_
) -> Iterator[Diagnostic]:
    """Yield a problem for each key that means something on another target only."""
    places: list[tuple[str, str, tuple[str, ...]]] = [
        ("provider", key, (owner,))
        for key, owner in (("account_id", "aws"), ("region", "aws"), ("context", "kubernetes"))
    ]
    places += [("deployment", key, ("aws",)) for key in AwsDeployment.model_fields]
    places += [("deployment", key, ("kubernetes", "aws")) for key in KubernetesDeployment.model_fields]
    for section, key, owners in places:
        holder = provider if section == "provider" else deployment
        if getattr(holder, key) is not None and provider.name not in owners:
            owner = owners[0]
            span = document.key_span(locate(document, (*at, section, key)))
            message = f"`{key}` belongs to `{owner}`, not to `{provider.name}`"
            yield Diagnostic("setting-of-another-target", message, span, f"write `name: {owner}`, or remove it")


def _account_problems(provider: Provider, document: Document, at: Path_) -> Iterator[Diagnostic]:
    account = provider.account_id
    if provider.name != "aws" or account is None:
        return
    span = document.value_span(locate(document, (*at, "provider", "account_id")))
    if _PLACEHOLDER.fullmatch(account):
        hint = "write the 12 digits of your AWS account before `up`"
        yield Diagnostic("placeholder", f"the account id `{account}` is a placeholder", span, hint, "warning")
    elif not _ACCOUNT.fullmatch(account):
        hint = "it has 12 digits; keep the quotes so that YAML leaves it alone"
        yield Diagnostic("invalid-account", f"`{account}` is not an AWS account id", span, hint)
