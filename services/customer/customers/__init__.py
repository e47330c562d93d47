"""TMF629: who owns and signs."""
