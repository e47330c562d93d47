"""aiokafka's connections, mended for uvloop: a write to one that has just broken says so, as any other failure does.

asyncio's own loop takes such a write and drops it; uvloop raises RuntimeError, which aiokafka (0.14, its issue 1038)
does not expect. It ends the task in which it comes up, of the metadata, the fetcher or the sender, and the client of
which that task was a part waits for ever. The modules that make clients of aiokafka call `mend`.
"""

from functools import wraps
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_send = AIOKafkaConnection.send


@wraps(_send)
def send(self: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Any:
    """As aiokafka's, which says what it takes and gives. Raises KafkaConnectionError for a connection that broke."""
    writer = self._writer
    try:
        return _send(self, request, expect_response)
    except RuntimeError as error:
        if writer is None or not writer.transport.is_closing():
            raise
        self.close(reason=CloseReason.CONNECTION_BROKEN, exc=error)
        raise KafkaConnectionError(f"Connection at {self.host}:{self.port} broken: {error}") from error


def mend() -> None:
    """Mend all connections of this process, once and for all: clients are given no connections, they make them."""
    AIOKafkaConnection.send = send
