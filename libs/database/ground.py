"""What lies under every service's own tables: messages on their way, keys of requests already answered, listeners."""

from sqlalchemy import MetaData

from libs.messaging.tables import define as define_messaging
from libs.tmf.hub.tables import define as define_hub
from libs.web.idempotency import define as define_idempotency


def ground_tables(metadata: MetaData) -> None:
    """Add the ground's tables to a service's schema."""
    define_messaging(metadata)
    define_idempotency(metadata)
    define_hub(metadata)
