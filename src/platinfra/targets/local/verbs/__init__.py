"""What the commands do on this machine."""

from typing import TYPE_CHECKING

from platinfra.targets.lazy import modules_of

if TYPE_CHECKING:
    from platinfra.targets.local.verbs import (
        check,
        doctor,
        down,
        log_pages,
        logs,
        models,
        pages,
        plan,
        refusals,
        restart,
        running,
        status,
        up,
    )
else:
    __getattr__ = modules_of(__name__)
