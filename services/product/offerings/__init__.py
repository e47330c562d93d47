"""Products as they are sold."""
