"""Where things lie, and as whom servers run."""

import getpass
import hashlib
import json
import os
import pwd
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LINK = ROOT / ".services"

_NOBODY = "nobody"


class Missing(Exception):
    """Something cannot be had on this machine; the text says what, and how to get it."""


@dataclass(frozen=True)
class Places:
    """The folder of what runs, and the cache of programs."""

    runtime: Path
    cache: Path

    @classmethod
    def here(cls) -> "Places":
        """Under the checkout for a person; for root, who hands servers to another user, where that user can reach.

        JUANZONG_SERVICES names another folder: a second set of servers beside the first.
        """
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        cache = base / "juanzong" if os.geteuid() else Path("/var/cache/juanzong")
        if os.environ.get("JUANZONG_SERVICES"):
            return cls(Path(os.environ["JUANZONG_SERVICES"]), cache)
        if os.geteuid():
            return cls(LINK, cache)
        name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
        return cls(Path(f"/var/tmp/juanzong-services-{name}"), cache)  # noqa: S108 - survives a restart, as data should

    def make(self) -> None:
        """Make the folders, and let `.services` lead there."""
        for folder in (self.runtime, self.cache):
            folder.mkdir(parents=True, exist_ok=True, mode=0o755)
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                # What lies in it is trusted: process numbers that are ended, programs that are run.
                raise Missing(f"{folder} belongs to somebody else. Remove it, or name another in JUANZONG_SERVICES.")
            folder.chmod(0o755)
        if self.linked and not LINK.is_symlink():
            LINK.symlink_to(self.runtime)

    def wipe(self) -> None:
        """Remove what ran: data, logs, passwords. The cache of programs stays."""
        shutil.rmtree(self.runtime, ignore_errors=True)
        if self.linked:
            LINK.unlink(missing_ok=True)

    @property
    def linked(self) -> bool:
        """Whether `.services` leads to the folder."""
        return self.runtime.name.startswith("juanzong-services-")

    def folder(self, name: str) -> Path:
        """A folder of one server, owned by whom it runs as."""
        made = self.runtime / name
        made.mkdir(parents=True, exist_ok=True)
        own(made)
        return made

    @cached_property
    def _state_file(self) -> Path:
        return self.runtime / "state.json"

    def load(self) -> dict[str, Any]:
        """Ports, passwords and process numbers."""
        if not self._state_file.exists():
            return {}
        return dict(json.loads(self._state_file.read_text(encoding="utf-8")))

    def save(self, state: dict[str, Any]) -> None:
        """Remember them; passwords are for the owner alone."""
        staged = self._state_file.with_suffix(".new")
        staged.touch(mode=0o600)
        staged.write_text(json.dumps(state, indent=1), encoding="utf-8")
        staged.replace(self._state_file)


def runs_as() -> str:
    """The user whom servers run as: PostgreSQL and Elasticsearch refuse root."""
    return getpass.getuser() if os.geteuid() else _NOBODY


def own(path: Path) -> None:
    """Hand a file or folder to the user whom servers run as."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(_NOBODY)
        os.chown(path, user.pw_uid, user.pw_gid)
