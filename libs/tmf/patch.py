"""Changes of a record: merge-patch (RFC 7396: what is named is replaced, null removes it, arrays are replaced whole),
or JSON Patch (RFC 6902: one operation after another, all or none)."""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any, TypeAlias

from libs.tmf import codes, json_patch
from libs.tmf.render import href_of
from libs.tmf.resource import Document, Resource
from libs.web import codes as web_codes
from libs.web.call import Call
from libs.web.errors import Reason, Refusal, refuse

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
ACCEPTED = f"{MERGE_PATCH}, {JSON_PATCH}"

Patch: TypeAlias = Callable[[Document], Document]
"""From a document to the changed one; the given one stays as it is. Raises Refusal 400, and 409 patch-test-failed."""

BODIES: dict[str, Any] = {
    "requestBody": {
        "content": {
            MERGE_PATCH: {"schema": {"type": "object"}},
            JSON_PATCH: {
                "schema": {
                    "type": "array",
                    "maxItems": json_patch.MOST_OPERATIONS,
                    "items": {
                        "type": "object",
                        "required": ["op", "path"],
                        "properties": {
                            "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
                            "path": {"type": "string"},
                            "from": {"type": "string"},
                            "value": {},
                        },
                    },
                }
            },
        }
    }
}
"""How an endpoint that takes both documents its body."""

REFUSALS = (
    *codes.SENT,
    codes.READ_ONLY,
    codes.PATCH_INVALID,
    codes.PATCH_READS_PERSONAL,
    codes.PATCH_TEST_FAILED,
    web_codes.EDITED_MEANWHILE,
)
"""What a change may be refused with, whatever the resource."""


def merge_patch(target: Any, patch: Any) -> Any:
    """The target with the patch applied, as RFC 7396, section 2; neither argument is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def object_of(body: Any) -> Document:
    """The body as an object. Raises Refusal 400 for anything else."""
    if not isinstance(body, dict):
        raise Refusal(Reason(web_codes.INVALID, detail="expected an object"))
    return body


def patch_of(resource: Resource, call: Call[Any]) -> Patch:
    """The change that a call brings, by its media type; plain JSON is merge-patch.

    Raises Refusal 415 for another media type, 400 for what is no patch, or names what only the system sets.
    """
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == JSON_PATCH:
        return _operations_of(resource, call)
    if media_type not in ("", "application/json", MERGE_PATCH):
        reason = Reason(web_codes.MEDIA_TYPE_NOT_SUPPORTED, given=media_type[:100], expected=ACCEPTED)
        raise Refusal(reason, headers={"Accept-Patch": ACCEPTED})
    patch = object_of(call.body)
    _refuse_read_only(resource, patch)

    def merged(document: Document) -> Document:
        changed: Document = merge_patch(deepcopy(document), patch)
        return changed

    return merged


def _operations_of(resource: Resource, call: Call[Any]) -> Patch:
    try:
        operations = json_patch.check_patch(call.body)
    except json_patch.PatchInvalid as error:
        raise _invalid(error) from None
    _refuse_read_only(resource, ["/".join(path[:1]) for path in json_patch.written(operations)])
    _refuse_readings(resource, json_patch.read(operations))

    def operated(document: Document) -> Document:
        # What a reader sees and no row keeps can be compared and copied too.
        seen = {"href": href_of(resource, call, document["id"]), "@type": resource.type}
        try:
            changed = json_patch.apply_patch(seen | document, operations)
        except json_patch.PatchInvalid as error:
            raise _invalid(error) from None
        except json_patch.TestFailed as failed:
            raise Refusal(
                Reason(codes.PATCH_TEST_FAILED, path=f"[{failed.at}]", at=failed.path[:200])
            ) from None
        for name, value in seen.items():
            if name not in document and changed.get(name) == value:
                del changed[name]
        without_nulls: Document = merge_patch({}, changed)
        return without_nulls

    return operated


def _invalid(error: json_patch.PatchInvalid) -> Refusal:
    path = "" if error.at is None else f"[{error.at}]"
    return Refusal(Reason(codes.PATCH_INVALID, path=path, detail=str(error)))


def _refuse_read_only(resource: Resource, names: Iterable[str]) -> None:
    """Of the whole document, too, a part is the system's."""
    refuse(Reason(codes.READ_ONLY, path=name) for name in names if name in resource.unpatchable or not name)


def _refuse_readings(resource: Resource, paths: Sequence[Sequence[str]]) -> None:
    """Whoever changes a record sees it masked: a comparison would tell, and a copy show, what the mask hides."""
    refuse(
        Reason(codes.PATCH_READS_PERSONAL, path=".".join(path)[:200])
        for path in paths
        if _touches_personal(resource, ".".join(step for step in path if not step.isdigit()))
    )


def _touches_personal(resource: Resource, name: str) -> bool:
    below = f"{name}." if name else ""
    return resource.is_personal(name) or any(hidden.startswith(below) for hidden in resource.personal)
