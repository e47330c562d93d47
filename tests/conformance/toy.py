"""A small service of libs/tmf, and what its document would say: on it the suite proves that it sees."""

from typing import Any

from libs.ids import new_id
from libs.tmf.tests.gadget import BASE
from tests.conformance.facts import Facts, facts_from
from tests.conformance.subject import Document, Subject
from tests.running import RunningService

_SINGLE = {"@type": "string", "@baseType": "string", "@schemaLocation": "string"}
_FIELDS = {
    **_SINGLE,
    "name": "string",
    "description": "string",
    "lifecycleStatus": "Status",
    "size": "integer",
    "weight": "number",
    "isBundle": "boolean",
    "lastUpdate": "date-time",
    "releaseDate": "string",
    "validFor": "TimePeriod",
    "tag": "[string]",
    "relatedParty": "[RelatedParty]",
}
_OPERATIONS = (
    "GET /gadget",
    "POST /gadget",
    "GET /gadget/{id}",
    "PATCH /gadget/{id}",
    "DELETE /gadget/{id}",
    "POST /hub",
    "DELETE /hub/{id}",
)
_STATUSES = [200, 201, 204, 400, 401, 403, 404, 405, 409, 500]


def _facts() -> Facts:
    return facts_from(
        {
            "api": "Gadgets",
            "base": BASE,
            "operations": dict.fromkeys(_OPERATIONS, _STATUSES),
            "resources": {
                "gadget": {
                    "type": "Gadget",
                    "read": {"required": ["name"], "fields": {"id": "string", "href": "string", **_FIELDS}},
                    "create": {"required": ["name"], "fields": _FIELDS},
                    "events": [
                        "GadgetAttributeValueChangeEvent",
                        "GadgetCreateEvent",
                        "GadgetDeleteEvent",
                        "GadgetStateChangeEvent",
                    ],
                }
            },
            "parts": {
                "Status": {"required": [], "fields": {}, "choices": ["active", "draft", "retired"]},
                "TimePeriod": {
                    "required": [],
                    "fields": {"startDateTime": "date-time", "endDateTime": "date-time"},
                },
                "RelatedParty": {
                    "required": ["@referredType", "id"],
                    "fields": {**_SINGLE, "id": "string", "role": "string", "@referredType": "string"},
                },
            },
        }
    )


async def _body() -> Document:
    party = {"id": "p-1", "role": "owner", "@referredType": "Organization"}
    return {
        "name": f"gadget {new_id()}",
        "size": 3,
        "weight": 2.5,
        "isBundle": False,
        "validFor": {"startDateTime": "2026-01-01T00:00:00+08:00"},
        "relatedParty": [party],
    }


def gadgets(service: RunningService, client: Any) -> Subject:
    """The gadgets of a running store, asked through `client`."""
    return Subject(
        facts=_facts(),
        name="gadget",
        client=client,
        bearer=service.bearer,
        maker="supervisor",
        editor="supervisor",
        body=_body,
        array=("tag", ["a"]),
        state=("lifecycleStatus", "retired"),
    )
