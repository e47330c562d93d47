"""What a person can mend is said plainly."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from deploy.local.trouble import Trouble
from deploy.services import NoSuchService


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a person can mend is one sentence and the status 1, not a traceback."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except Exception as error:
            # Here and not above: `up` and `demo` begin what takes long before they read what is large.
            from libs.node import SettingsInvalid

            if not isinstance(error, Trouble | NoSuchService | SettingsInvalid):
                raise
            typer.secho(str(error), err=True, fg="red")
            raise typer.Exit(1) from None

    return run
