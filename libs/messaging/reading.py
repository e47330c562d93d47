"""The data of a message: from bytes to the model of its contract."""

from typing import Any

from pydantic import BaseModel, ValidationError

from libs.json_text import only_finite
from libs.messaging.envelope import Envelope, Message
from libs.messaging.failures import describe, faults


class Unparsable(ValueError):
    """The payload is not what its type says; the text tells where, without quoting values."""


def read(envelope: Envelope, payload: bytes, model: type[BaseModel]) -> Message[Any]:
    """The message with its data validated. Raises Unparsable."""
    try:
        data = model.model_validate_json(payload)
        only_finite(payload)
    except ValidationError as error:
        raise Unparsable(faults(error)) from None
    except Exception as error:
        # Nothing but the payload is looked at here: whatever a validator raises is the message's own doing.
        raise Unparsable(describe(error)) from error
    return Message(
        envelope.id,
        envelope.type,
        envelope.source,
        envelope.subject,
        envelope.time,
        envelope.key,
        envelope.topic,
        data,
        payload,
        envelope.traceparent,
    )
