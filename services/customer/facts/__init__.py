"""What decides whether business may be done, told to the other services: as events, and on request."""
