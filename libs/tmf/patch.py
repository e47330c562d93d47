"""Changes as RFC 7396 has them: what a patch names is replaced, null removes it, arrays are replaced whole."""

from typing import Any

from libs.tmf import codes
from libs.tmf.resource import Document, Resource
from libs.web import codes as web_codes
from libs.web.call import Call
from libs.web.errors import Reason, Refusal, refuse

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = frozenset({"application/json-patch+json", "application/json-patch-query+json"})


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


def check_media_type(call: Call[Any]) -> None:
    """Let through merge-patch, and plain JSON as the same.

    Raises Refusal 415: json-patch-not-supported, media-type-not-supported.
    """
    given = call.headers.get("content-type", "")
    media_type = given.partition(";")[0].strip().lower()
    if media_type in JSON_PATCH:
        raise Refusal(Reason(codes.JSON_PATCH_NOT_SUPPORTED), headers={"Accept-Patch": MERGE_PATCH})
    if media_type not in ("", "application/json", MERGE_PATCH):
        reason = Reason(web_codes.MEDIA_TYPE_NOT_SUPPORTED, given=given[:100], expected=MERGE_PATCH)
        raise Refusal(reason, headers={"Accept-Patch": MERGE_PATCH})


def object_of(body: Any) -> Document:
    """The body as an object. Raises Refusal 400 for anything else."""
    if not isinstance(body, dict):
        raise Refusal(Reason(web_codes.INVALID, detail="expected an object"))
    return body


def patch_of(resource: Resource, call: Call[Any]) -> Document:
    """The patch that a call brings.

    Raises Refusal 415 for another media type, 400 for what is no object, or names what only the system sets.
    """
    check_media_type(call)
    patch = object_of(call.body)
    refuse(Reason(codes.READ_ONLY, path=name) for name in patch if name in resource.unpatchable)
    return patch
