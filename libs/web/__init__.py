"""How a service is spoken to over HTTP: endpoints, refusals, idempotency, paging, health."""
