"""The folders that bounded processes may write into, one each, and what became of those whose parents were killed.

A process holds a lock on its folder as long as it lives. The parent takes the folder away with the process; a parent
that is killed leaves both, the process ends by itself, and the folder is found by whoever starts the next one.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

_PREFIX: Final = "juanzong-reading-"
# A folder is there a moment before its process is.
_ABANDONED_SECONDS: Final = 3_600


def own_folder() -> Path:
    """A new folder for one process. Folders that nobody holds any more are taken away."""
    own = Path(tempfile.mkdtemp(prefix=_PREFIX))
    now = own.stat().st_mtime
    for place in own.parent.glob(f"{_PREFIX}*"):
        _sweep(place, now - _ABANDONED_SECONDS)
    return own


def hold(folder: Path) -> None:
    """Keep `folder` from being swept as long as this process lives."""
    fcntl.flock(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), fcntl.LOCK_SH)


def _sweep(place: Path, before: float) -> None:
    try:
        held = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        # Somebody else's, or gone.
        return
    try:
        if os.fstat(held).st_mtime < before:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(place, ignore_errors=True)
    except OSError:
        # Its process is at work.
        return
    finally:
        os.close(held)
