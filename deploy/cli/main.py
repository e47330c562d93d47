"""`unicrm`: one command for everything that is run; each of its words does little itself."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import dead_letters, operating
from deploy.cli.plainly import plainly
from deploy.local.trouble import Trouble

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
clock = typer.Typer(no_args_is_help=True, help="The time of a local fleet.")
app.add_typer(clock, name="clock")
operating.add_to(app)
app.add_typer(dead_letters.app, name="dead-letters")

Provinces = Annotated[str, typer.Option(help="Codes of provinces, in the order of their ports.")]
Split = Annotated[bool, typer.Option(help="Every service, and every relay, in a process of its own.")]
FirstPort = Annotated[int, typer.Option(help="Port of headquarters; the provinces have those after it.")]


@app.command()
@plainly
def serve(
    service: str,
    host: str | None = None,
    port: int | None = None,
    socket: Annotated[Path | None, typer.Option(help="A socket in the file system instead.")] = None,
    without_relay: Annotated[bool, typer.Option(help="Its messages are sent by `unicrm relay`.")] = False,
) -> None:
    """Run one service of this node in a process of its own, as in production."""
    from deploy import services
    from deploy.local import node as local_node
    from libs.node import load_settings

    chosen = [services.service(service)]
    local_node.run(chosen, load_settings(), host=host, port=port, path=socket, relay=not without_relay)


@app.command()
@plainly
def relay(service: str) -> None:
    """Send the messages that a service of this node writes; several divide the keys among themselves."""
    from deploy import services
    from deploy.local import relay as local_relay
    from libs.node import load_settings

    local_relay.run(services.service(service), load_settings())


@app.command(hidden=True)
@plainly
def door(behind: Annotated[list[str], typer.Option(help="<service>=<path of its socket>")]) -> None:
    """The front door of a node whose services are processes of their own, on this machine."""
    from deploy.local import door as local_door
    from libs.node import load_settings

    sockets = {name: Path(path) for name, _, path in (one.partition("=") for one in behind)}
    local_door.run(sockets, load_settings())


@app.command()
@plainly
def node(host: str | None = None, port: int | None = None) -> None:
    """Run all services of this node in one process, behind one port."""
    from deploy import services
    from deploy.local import node as local_node
    from libs.node import load_settings

    settings = load_settings()
    local_node.run(services.services_at(settings.tier), settings, host=host, port=port)


@app.command()
@plainly
def migrate(service: str) -> None:
    """Bring a service's database at this node to the newest revision; `all` for every service of the node."""
    from deploy import services
    from libs.database.migrations import migrate as bring_up
    from libs.node import load_settings

    settings = load_settings()
    chosen = services.services_at(settings.tier) if service == "all" else [services.service(service)]
    for one in chosen:
        asyncio.run(bring_up(one.package, settings.database_url(one.package)))
        typer.echo(f"{settings.node}: {one.name} is at its newest revision")


@app.command()
@plainly
def revision(service: str, message: str) -> None:
    """Write the revision that leads from a service's revisions so far to its tables as they are declared now."""
    from deploy import services
    from deploy.local.revisions import write_revision

    chosen = services.service(service)
    written = asyncio.run(write_revision(chosen.package, chosen.tables, message))
    typer.echo(f"{written} is written; read it, then lay it out with `make format`.")


@app.command()
@plainly
def seed(
    node: Annotated[str | None, typer.Option(help="Code of the node; else UNICRM_NODE.")] = None,
    development: Annotated[
        bool | None,
        typer.Option(
            "--development", help="Development users as well; never in production. Else UNICRM_DEVELOPMENT."
        ),
    ] = None,
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
) -> None:
    """Fill a node with what it starts with. Repeating it changes nothing."""
    from deploy import services
    from deploy.local import preparation
    from libs.node import load_settings

    given = {"development": development, "node": node}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    chosen = [services.service(service)] if service else services.services_at(settings.tier)
    accounts = asyncio.run(preparation.seed(chosen, settings))
    for user in accounts.users:
        typer.echo(f"{user['username']} {user['password']} {' '.join(user['roles'])}")


@app.command()
@plainly
def rebuild(
    projection: Annotated[str, typer.Argument(help="<service>.<projection>")],
    node: Annotated[str | None, typer.Option(help="Code of the node; else UNICRM_NODE.")] = None,
) -> None:
    """Make a running service's copy of another's records whole again; the copy serves meanwhile.

    It may be repeated, and goes on where it was after whatever was stopped meanwhile.
    """
    import httpx

    from deploy.cli import rebuild as rebuilding
    from deploy.cli.nodes import chosen

    async def run() -> None:
        async with httpx.AsyncClient() as http:
            await rebuilding.rebuild(chosen(node), projection, typer.echo, http)

    asyncio.run(run())


@app.command()
@plainly
def up(provinces: Provinces = "bj,gd", split: Split = False, first_port: FirstPort = 8000) -> None:
    """Start a fleet here and keep it in the foreground; Ctrl-C stops everything."""
    from deploy.local.commands import up as bring_up

    raise typer.Exit(bring_up(provinces, split=split, first_port=first_port))


@app.command()
@plainly
def demo(provinces: Provinces = "bj,gd", split: Split = False, first_port: FirstPort = 8000) -> None:
    """Start a fleet on data of its own, show what it does step by step, and leave nothing running."""
    from deploy.local.commands import demo as show

    raise typer.Exit(show(provinces, split=split, first_port=first_port))


@app.command()
@plainly
def engines() -> None:
    """Keep the engines of the tests running until Ctrl-C, so that test sessions start at once."""
    from deploy.local.commands import keep_test_engines

    raise typer.Exit(keep_test_engines())


@app.command()
@plainly
def contracts(
    check: Annotated[bool, typer.Option(help="Only say whether they are up to date.")] = False,
) -> None:
    """Write the OpenAPI and AsyncAPI documents of all services, and who may do what, to `contracts/`."""
    from deploy.contracts import drift, write_documents

    stale = drift() if check else []
    for line in stale or ([] if check else write_documents()):
        typer.echo(str(line))
    raise typer.Exit(1 if stale else 0)


@clock.command()
@plainly
def advance(
    by: Annotated[str, typer.Argument(help="90s, 30m, 12h, 3d, or several: 1d12h.")],
    place: Annotated[str, typer.Option(help="The fleet's folder below .local/.")] = "up",
) -> None:
    """Move the time of a development fleet forward; it never goes back.

    Where the environment makes a node (UNICRM_NODE), of the fleet that this node belongs to.
    """
    from deploy.local.plan import shared_clock_file
    from libs.clock import ShiftedClock

    parts = re.findall(r"(\d+)([smhd])", by)
    if not parts or "".join(number + unit for number, unit in parts) != by:
        raise Trouble(f"{by!r} is no span of time; write 90s, 30m, 12h, 3d or 1d12h.")
    file = shared_clock_file(place)
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    shifted = ShiftedClock(file)
    shifted.advance(sum((timedelta(**{units[unit]: int(number)}) for number, unit in parts), timedelta()))
    typer.echo(f"It is now {shifted.now().isoformat(timespec='seconds')} for the fleet.")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
