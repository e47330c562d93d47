"""Where things are: everything that a fleet writes is below `.local/` of the checkout.

With one exception. PostgreSQL refuses to run as root; started by root it runs as `nobody`, who cannot enter a
checkout below a closed home. What PostgreSQL needs then lives below `/var/tmp`, in a folder named by the checkout.
"""

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from deploy.local.trouble import Trouble

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL when we are root."""

    uid: int
    gid: int


def unprivileged() -> Account | None:
    """The account for PostgreSQL, or None where we are not root and need no other."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise Trouble(
            "PostgreSQL refuses to run as root and there is no account 'nobody'; run as a user."
        ) from error
    return Account(entry.pw_uid % 2**32, entry.pw_gid % 2**32)


def open_to_postgres(local: Path = LOCAL) -> Path:
    """The folder below which PostgreSQL's programs and data live: `.local/`, or its stand-in below /var/tmp."""
    if unprivileged() is None or _anybody_may_enter(local.parent):
        return local
    mark = hashlib.sha256(str(local).encode()).hexdigest()[:12]
    stand_in = Path("/var/tmp") / f"unicrm-{mark}"
    stand_in.mkdir(mode=0o755, exist_ok=True)
    if stand_in.is_symlink() or stand_in.stat().st_uid != os.geteuid():
        raise Trouble(
            f"{stand_in} belongs to somebody else; remove it, or move the checkout out of a closed folder."
        )
    return stand_in


def make_folder(folder: Path) -> Path:
    """A folder that others may enter whatever the umask; existing ones are left as they are."""
    for part in reversed([folder, *folder.parents]):
        if not part.exists():
            part.mkdir(exist_ok=True)
            part.chmod(0o755)
    return folder


def _anybody_may_enter(folder: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents) if part.exists())
