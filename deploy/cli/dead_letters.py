"""`unicrm dead-letters`: messages that the services of a node gave up."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from deploy.cli.plainly import plainly

if TYPE_CHECKING:
    from deploy.cli.operator import Operator

app = typer.Typer(no_args_is_help=True, help="Messages that the services of a node gave up.")

Node = Annotated[str | None, typer.Option(help="Code of the node; else UNICRM_NODE.")]
User = Annotated[
    str | None,
    typer.Option(help="Operator who signs in, with a password that is asked for; a local fleet has one."),
]
Service = Annotated[str, typer.Argument(help="The service that gave it up.")]
Letter = Annotated[str, typer.Argument(help="Its id.")]


@app.command("list")
@plainly
def list_letters(
    service: Annotated[str | None, typer.Argument(help="Only those of this service.")] = None,
    state: Annotated[Literal["dead", "replayed", "all"], typer.Option(help="Which of them.")] = "dead",
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
    node: Node = None,
    user: User = None,
) -> None:
    """The newest dead letters, of all services of the node or of one."""
    from rich.console import Console

    from deploy.cli import letters

    found = _as_operator(node, user, lambda operator: letters.listed(operator, service, state, limit))
    letters.show_list(found, Console())


@app.command()
@plainly
def show(
    service: Service,
    letter: Letter,
    purpose: Annotated[
        str | None, typer.Option(help="Why the content is looked at; recorded. Without it only the rest.")
    ] = None,
    node: Node = None,
    user: User = None,
) -> None:
    """One dead letter, with a purpose also what it says."""
    from rich.console import Console

    from deploy.cli import letters

    found = _as_operator(node, user, lambda operator: letters.shown(operator, service, letter, purpose))
    letters.show_one(found, Console())


@app.command()
@plainly
def mend(
    service: Service,
    letter: Letter,
    payload: Annotated[
        Path, typer.Argument(help="A file with the JSON object that takes its place; - reads it.")
    ],
    node: Node = None,
    user: User = None,
) -> None:
    """Put another payload in place; the original stays beside it, and the replay takes the new one."""
    from deploy.cli import letters
    from deploy.local.trouble import Trouble

    try:
        text = sys.stdin.read() if str(payload) == "-" else payload.read_text()
    except OSError as error:
        raise Trouble(f"{payload} cannot be read: {error.strerror}.") from None
    _as_operator(node, user, lambda operator: letters.mended(operator, service, letter, text))
    typer.echo(f"{letter} is mended; `unicrm dead-letters replay {service} {letter}` takes it in.")


@app.command()
@plainly
def replay(
    service: Service,
    ids: Annotated[list[str], typer.Argument(help="Their ids, in the order in which they are taken in.")],
    node: Node = None,
    user: User = None,
) -> None:
    """Take dead letters in again, by the same handler and whatever their age; or send them, where that failed."""
    from deploy.cli import letters

    ends = _as_operator(node, user, lambda operator: letters.replayed(operator, service, ids))
    for id, end in ends.items():
        typer.echo(f"{id}: {end}")
    raise typer.Exit(0 if set(ends.values()) == {"replayed"} else 1)


def _as_operator(code: str | None, user: str | None, act: "Callable[[Operator], Awaitable[Any]]") -> Any:
    """Sign in at the node and act there."""
    import httpx

    from deploy.cli.nodes import chosen
    from deploy.cli.operator import Operator, known_user
    from deploy.local.trouble import Trouble

    node = chosen(code)
    known = known_user(node)
    if user is None and known is None:
        raise Trouble("Say with --user who signs in.")
    name, password = known if user is None and known else (user or "", "")
    if user is not None:
        password = typer.prompt(f"Password of {user} at {node.code}", hide_input=True, err=True)

    async def run() -> Any:
        async with httpx.AsyncClient(timeout=30) as http:
            return await act(await Operator.signed_in(node, name, password, http))

    return asyncio.run(run())
