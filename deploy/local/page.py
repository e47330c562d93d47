"""One page about a fleet that stands: for people on the console, for programs in a file."""

import json
from collections.abc import Iterable, Mapping

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.local.accounts import Accounts
from deploy.local.children import Child
from deploy.local.plan import FleetPlan
from libs.node import NODES


def write_page(plan: FleetPlan, accounts: Mapping[str, Accounts], children: Iterable[Child]) -> None:
    """The page for programs.

    `nodes`: by code `{url, users: [{username, password, roles, area?}], client: {id, secret}}`; `pids`: by name
    `{node, kind, pid}`, node None for what serves all. It appears whole, and only once every node is ready.
    """
    page = {
        "nodes": {
            node: {"url": plan.url(node), "users": accounts[node].users, "client": accounts[node].client}
            for node in plan.nodes
        },
        "pids": {
            child.name: {"node": child.node, "kind": child.kind, "pid": child.mark.pid}
            for child in children
            if child.mark is not None
        },
    }
    written = plan.page_file.with_suffix(".new")
    written.write_text(json.dumps(page, ensure_ascii=False, indent=1))
    written.replace(plan.page_file)


def show_page(plan: FleetPlan, accounts: Mapping[str, Accounts], console: Console) -> None:
    """The page for people: every node with its address, its users, and something to try first."""
    for node in plan.nodes:
        about = NODES[node]
        console.print(Panel(_node(plan, node, accounts[node]), title=f"{about.name_zh} {about.name_en}"))
        # Outside of the frame, and never broken into lines: it is to be copied.
        console.print(_first_call(plan, node, accounts[node]), soft_wrap=True, highlight=False, markup=False)
    console.print(f"For programs: {plan.page_file}. Ctrl-C stops everything.", soft_wrap=True)


def _node(plan: FleetPlan, node: str, accounts: Accounts) -> RenderableType:
    table = Table(box=None, pad_edge=False)
    for heading in ("user", "password", "roles"):
        table.add_column(heading, no_wrap=True)
    for user in accounts.users:
        bound = f", of area {user['area']} only" if "area" in user else ""
        table.add_row(user["username"], user["password"], ", ".join(user["roles"]) + bound)
    if accounts.client is not None:
        table.add_row(accounts.client["id"], accounts.client["secret"], "machine client", style="dim")
    return Group(Text(plan.url(node), style="bold"), table)


def _first_call(plan: FleetPlan, node: str, accounts: Accounts) -> str:
    url = plan.url(node)
    if not accounts.users:
        return f"curl -s {url}/health/ready"
    user = accounts.users[0]
    return (
        f"curl -s {url}/oauth2/token -d grant_type=password "
        f"-d username={user['username']} -d password={user['password']}"
    )
