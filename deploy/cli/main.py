"""`unicrm`: one command for everything that is run; each of its words does little itself."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Annotated, Any

import typer

from deploy.local.trouble import Trouble
from deploy.services import NoSuchService
from libs.node import SettingsInvalid

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
clock = typer.Typer(no_args_is_help=True, help="The time of a local fleet.")
app.add_typer(clock, name="clock")

Provinces = Annotated[str, typer.Option(help="Codes of provinces, in the order of their ports.")]


def _plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a person can mend is one sentence and the status 1, not a traceback."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except (Trouble, SettingsInvalid, NoSuchService) as trouble:
            typer.secho(str(trouble), err=True, fg="red")
            raise typer.Exit(1) from None

    return run


@app.command()
@_plainly
def serve(service: str, host: str | None = None, port: int | None = None) -> None:
    """Run one service of this node in a process of its own, as in production."""
    from deploy import services
    from deploy.local import node as local_node
    from deploy.local.settings import load_local_settings

    local_node.run([services.service(service)], load_local_settings(), host=host, port=port)


@app.command()
@_plainly
def node(host: str | None = None, port: int | None = None) -> None:
    """Run all services of this node in one process, behind one port."""
    from deploy import services
    from deploy.local import node as local_node
    from deploy.local.settings import load_local_settings

    settings = load_local_settings()
    local_node.run(services.services_at(settings.tier), settings, host=host, port=port)


@app.command()
@_plainly
def migrate(service: str) -> None:
    """Bring a service's database at this node to the newest revision; `all` for every service of the node."""
    from deploy import services
    from deploy.local.settings import load_local_settings
    from libs.database.migrations import migrate as bring_up

    settings = load_local_settings()
    chosen = services.services_at(settings.tier) if service == "all" else [services.service(service)]
    for one in chosen:
        asyncio.run(bring_up(one.package, settings.database_url(one.package)))
        typer.echo(f"{settings.node}: {one.name} is at its newest revision")


@app.command()
@_plainly
def seed(
    node: Annotated[str | None, typer.Option(help="Code of the node; else UNICRM_NODE.")] = None,
    development: Annotated[
        bool, typer.Option(help="Development users as well; never in production.")
    ] = False,
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
) -> None:
    """Fill a node with what it starts with. Repeating it changes nothing."""
    from deploy import services
    from deploy.local import preparation
    from deploy.local.settings import load_local_settings

    given: dict[str, Any] = {"development": development} | ({"node": node} if node else {})
    settings = load_local_settings(**given)
    chosen = [services.service(service)] if service else services.services_at(settings.tier)
    accounts = asyncio.run(preparation.seed(chosen, settings))
    for user in accounts.users:
        typer.echo(f"{user['username']} {user['password']} {' '.join(user['roles'])}")


@app.command()
@_plainly
def up(provinces: Provinces = "bj,gd") -> None:
    """Start a fleet here and keep it in the foreground; Ctrl-C stops everything."""
    from deploy.local.commands import up as bring_up

    raise typer.Exit(bring_up(provinces))


@app.command()
@_plainly
def demo(provinces: Provinces = "bj,gd") -> None:
    """Start a fleet on data of its own, show what it does step by step, and leave nothing running."""
    from deploy.local.commands import demo as show

    raise typer.Exit(show(provinces))


@app.command()
@_plainly
def engines() -> None:
    """Keep the engines of the tests running until Ctrl-C, so that test sessions start at once."""
    from deploy.local.commands import keep_test_engines

    raise typer.Exit(keep_test_engines())


@app.command()
@_plainly
def contracts(
    check: Annotated[bool, typer.Option(help="Only say whether they are up to date.")] = False,
) -> None:
    """Write the OpenAPI and AsyncAPI documents of all services to `contracts/`."""
    from deploy.contracts import drift, write_documents

    stale = drift() if check else []
    for line in stale or ([] if check else write_documents()):
        typer.echo(str(line))
    raise typer.Exit(1 if stale else 0)


@clock.command()
@_plainly
def advance(
    by: Annotated[str, typer.Argument(help="90s, 30m, 12h, 3d, or several: 1d12h.")],
    place: Annotated[str, typer.Option(help="The fleet's folder below .local/.")] = "up",
) -> None:
    """Move the time of a local fleet forward; it never goes back."""
    from deploy.local.plan import clock_file
    from libs.clock import ShiftedClock

    parts = re.findall(r"(\d+)([smhd])", by)
    if not parts or "".join(number + unit for number, unit in parts) != by:
        raise Trouble(f"{by!r} is no span of time; write 90s, 30m, 12h, 3d or 1d12h.")
    file = clock_file(place)
    if not file.parent.is_dir():
        raise Trouble(f"There is no fleet in {file.parent}.")
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    shifted = ShiftedClock(file)
    shifted.advance(sum((timedelta(**{units[unit]: int(number)}) for number, unit in parts), timedelta()))
    typer.echo(f"It is now {shifted.now().isoformat(timespec='seconds')} for the fleet.")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
