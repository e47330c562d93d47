"""The commands of those who run nodes in containers; `unicrm` takes them in."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.plainly import plainly

secrets = typer.Typer(no_args_is_help=True, help="Passwords, keys and certificates.")


def add_to(app: typer.Typer) -> None:
    """Let these be commands of `app`."""
    app.add_typer(secrets, name="secrets")
    for command in (status, databases, health, join, leave):
        app.command()(command)
    app.command(hidden=True)(gateway)


@secrets.command()
@plainly
def init(
    nodes: Annotated[list[str], typer.Argument(help="hq, and the codes of provinces.")],
    folder: Annotated[Path, typer.Option(help="Where they are put; never to be committed.")] = Path(
        "secrets"
    ),
    domain: Annotated[
        str, typer.Option(help="Nodes are <node>.<domain>, the broker kafka.hq.…")
    ] = "unicrm.test",
) -> None:
    """Make for a trial what these nodes lack: passwords, keys, and certificates of an authority made for it."""
    from deploy.containers.secrets import make_secrets

    for made in make_secrets(folder, nodes, domain):
        typer.echo(str(made))


@plainly
def status(
    at: Annotated[
        list[str] | None, typer.Argument(help="Addresses where nodes show health and measurements.")
    ] = None,
) -> None:
    """Show services, lag, outbox, dead letters and links of nodes; the status is 1 where one is not well."""
    from deploy.containers.status import show

    raise typer.Exit(asyncio.run(show(at or ["http://127.0.0.1:8000"])))


@plainly
def databases(
    superuser: str = "postgres",
    password_file: Annotated[Path, typer.Option(help="The superuser's password.")] = Path(
        "/run/secrets/postgres/superuser"
    ),
) -> None:
    """Make a database and a role for every service of this node; each role opens its own database only."""
    from deploy import services
    from deploy.containers.databases import make_databases, server_as
    from libs.node import load_settings

    settings = load_settings()
    server = server_as(settings, superuser, password_file)
    for name in asyncio.run(make_databases(services.services_at(settings.tier), settings, server)):
        typer.echo(f"{settings.node}: {name} is there")


@plainly
def health(services: list[str], host: str = "127.0.0.1", port: int = 8000) -> None:
    """Answer for all services of a node whether they are ready, and what they measure."""
    from deploy.containers import health as of_all
    from libs.node import load_settings

    of_all.run(services, load_settings(), host=host, port=port)


@plainly
def join(
    province: str,
    password_file: Annotated[
        Path | None, typer.Option(help="Else /run/secrets/provinces/<province>.")
    ] = None,
) -> None:
    """At headquarters: make a province's topics, let its mirror in, and give it its rights and no others."""
    from deploy.mirror import joining
    from libs.node import load_settings

    settings = load_settings()
    node = joining.province(settings, province)
    password = joining.password_of(password_file or Path("/run/secrets/provinces") / node)
    asyncio.run(joining.join(settings.kafka, node, password, settings.topic_partitions))
    typer.echo(f"{node} may come: its topics are there, and its user has its rights")


@plainly
def leave(province: str) -> None:
    """At headquarters: let a province's mirror in no more; its topics stay."""
    from deploy.mirror import joining
    from libs.node import load_settings

    settings = load_settings()
    node = joining.province(settings, province)
    asyncio.run(joining.leave(settings.kafka, node))
    typer.echo(f"{node} is not let in any more; its topics stay")


@plainly
def gateway(folder: Path) -> None:
    """Write what the gateway of either tier reads."""
    from deploy.gateway.making import write_gateway

    for made in write_gateway(folder):
        typer.echo(str(made))
