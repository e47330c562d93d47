"""TMF666: who pays."""
