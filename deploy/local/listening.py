"""Where a process of ours listens: a port that nobody else has, or a socket in the file system."""

import socket
import stat
from contextlib import suppress
from pathlib import Path

from deploy.local.trouble import Trouble


def bind(host: str, port: int) -> socket.socket:
    """A socket at this address, not yet listening. Raises Trouble when somebody else has it."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Trouble(f"Port {port} of {host} cannot be used: {error.strerror}.") from error
    listening.set_inheritable(True)
    return listening


def bind_path(path: Path) -> socket.socket:
    """A socket at this place in the file system, not yet listening; one that a killed process left is removed.

    Raises Trouble where somebody listens already.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise Trouble(f"{path} is there, and no socket.")
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise Trouble(f"Somebody listens at {path} already.")
        path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    path.chmod(0o600)
    return listening
