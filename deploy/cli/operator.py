"""An operator at the command line: signed in at a node with a name and a password, as at any other front end."""

from typing import Any

import httpx

from deploy.cli.nodes import Node
from deploy.local.trouble import Trouble
from libs.ids import new_id

MENDERS = ("hq-operator", "supervisor")
"""Whose user of a development fleet is taken where none is named."""


def known_user(node: Node) -> tuple[str, str] | None:
    """Name and password of a development fleet's operator; None at any other node."""
    for role in MENDERS:
        for user in node.users:
            if role in user["roles"]:
                return user["username"], user["password"]
    return None


class Operator:
    """Asks a node's services with the token of whoever signed in."""

    def __init__(self, node: Node, token: str, http: httpx.AsyncClient) -> None:
        self.node = node
        self._token = token
        self._http = http

    @classmethod
    async def signed_in(cls, node: Node, user: str, password: str, http: httpx.AsyncClient) -> "Operator":
        """Raises Trouble where the node does not answer, or does not know the operator."""
        form = {"grant_type": "password", "username": user, "password": password}
        try:
            answer = await http.post(f"{node.url}/oauth2/token", data=form)
        except httpx.TransportError as error:
            raise Trouble(f"{node.code} does not answer: {error}") from None
        if answer.status_code != 200:
            raise Trouble(f"{node.code} does not let {user!r} in ({answer.status_code}).")
        return cls(node, answer.json()["access_token"], http)

    async def ask(self, method: str, path: str, *, body: Any = None, **query: str) -> Any:
        """The content of the answer. Raises Trouble with the reasons of a refusal."""
        headers = {"Authorization": f"Bearer {self._token}"}
        if method == "POST":
            headers["Idempotency-Key"] = new_id()
        try:
            answer = await self._http.request(
                method, self.node.url + path, params=query, headers=headers, json=body
            )
        except httpx.TransportError as error:
            raise Trouble(f"{self.node.code} does not answer: {error}") from None
        if answer.is_success:
            return answer.json()
        raise Trouble(f"{answer.status_code}: {_why(answer)}")


def _why(answer: httpx.Response) -> str:
    try:
        return "; ".join(f"{one['code']}: {one['reason']}" for one in answer.json()["reasons"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
