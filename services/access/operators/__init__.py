"""Operators (people with an account) and clients (partners' and our own programs)."""
