"""The target `local`: a stack as processes of this machine."""

from types import MappingProxyType

from platinfra.model.ground import Ground
from platinfra.targets import local
from platinfra.targets.lazy import verb
from platinfra.targets.target import Target


class Local(Target):
    """One machine: the one that platinfra runs on."""

    name = "local"
    grounds = (Ground("local", "process", ("machine",)),)
    audited = True
    alternatives = MappingProxyType(
        {
            "drift": "`platinfra status` shows component health, and `platinfra up` fixes what differs",
            "render": "`platinfra plan` shows what `platinfra up` would do",
            "images": "images are for stacks on Kubernetes",
            "cost": "it multiplies what a stack creates in an AWS account by AWS' prices; here nothing is paid by the hour",
            "unlock": "a local lock is released when the command that holds it ends",
            "permissions --operator": "it shows what `up` needs in an AWS account",
        }
    )

    computer = verb(lambda: local.computer.this_computer)
    check = verb(lambda: local.verbs.refusals.check)
    plan = verb(lambda: local.verbs.plan.plan)
    up = verb(lambda: local.verbs.up.up)
    down = verb(lambda: local.verbs.down.down)
    status = verb(lambda: local.verbs.status.status)
    logs = verb(lambda: local.verbs.logs.logs)
    open_logs = verb(lambda: local.verbs.log_pages.open_logs)
    describe = verb(lambda: local.verbs.running.describe)
    pages = verb(lambda: local.verbs.pages.pages)
    page = verb(lambda: local.verbs.pages.page)
    permissions = verb(lambda: local.policy.permissions)
    policy = verb(lambda: local.policy.policy)
    doctor = verb(lambda: local.verbs.doctor.findings)
    environment = verb(lambda: local.verbs.running.environment)
    command_environment = verb(lambda: local.verbs.running.command_environment)
    server_command = verb(lambda: local.verbs.running.server_command)
    prove = verb(lambda: local.verbs.check.prove)
    restart = verb(lambda: local.verbs.restart.restart)
    model_registry = verb(lambda: local.verbs.models.model_registry)


TARGET = Local()
