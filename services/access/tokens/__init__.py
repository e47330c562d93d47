"""Tokens: given for a password or a client's secret, verified by everybody with the published keys."""
