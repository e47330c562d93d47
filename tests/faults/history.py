"""What the client asked and what it was told, written down by itself before and after: nobody else's word."""

import json
import threading
from pathlib import Path
from typing import Any


class History:
    """A file of lines; the newest line of a key completes the former ones."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file.open("a", buffering=1)
        self._lock = threading.Lock()

    def write(self, key: str, **said: Any) -> None:
        with self._lock:
            self._file.write(json.dumps({"key": key, **said}, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()
