"""What keeps a fleet from starting, said so that a newcomer knows what to do."""


class Trouble(Exception):
    """One clear sentence; the command prints it and ends with 1, without a traceback."""
