"""Where the files that a bag lists lie in it."""

import re
import unicodedata
from collections import defaultdict
from typing import Final

from ingest.packages.bag_lists import Listed
from ingest.packages.findings import Findings
from ingest.packages.members import Members
from ingest.packages.names import shown

PAYLOAD: Final = b"data/"

_OF_SYSTEMS: Final = frozenset({b".DS_Store", b"Thumbs.db", b"desktop.ini"})
"""Files that systems leave in folders and take away again; a bag from such a machine may list them."""


class Places:
    """Finds payload files by the names that manifests give them."""

    def __init__(self, members: Members, findings: Findings) -> None:
        self._members = members
        self._findings = findings
        self._forms: dict[str, list[bytes]] = defaultdict(list)
        self._folded: dict[str, list[bytes]] = defaultdict(list)
        self.payload = [path for path in members if path.startswith(PAYLOAD)]
        for path in self.payload:
            self._forms[form(path)].append(path)
            self._folded[form(path).casefold()].append(path)
            if path.rpartition(b"/")[2] in _OF_SYSTEMS:
                findings.warning("bag-system-file", shown(path))

    def of(self, path: bytes) -> bytes | None:
        """The file that a path means: as it stands, or with line ends and percent signs decoded (RFC 8493, 2.1.3)."""
        if path in self._members:
            return path
        decoded = re.sub(rb"%(0[AaDd]|25)", lambda found: bytes([int(found[1], 16)]), path)
        if decoded in self._members:
            return decoded
        # One name in two forms of Unicode: tools between the sender and us write one for the other.
        same = self._forms.get(form(path), [])
        return same[0] if len(same) == 1 else None

    def listed(self, path: bytes, listed: Listed) -> bytes | None:
        """The payload file that a path of a manifest means; None where it is not there."""
        if not path.startswith(PAYLOAD):
            self._findings.error("manifest-path-unsafe", shown(path))
            return None
        place = self.of(path)
        if place is not None:
            if place != path and form(place) == form(path):
                self._findings.warning("bag-name-form", shown(path))
            return place
        # Packed where capitals make no difference: the same bytes listed under two names of one file.
        twins = [listed.get(twin) for twin in self._folded.get(form(path).casefold(), [])]
        if listed[path] in twins:
            self._findings.warning("bag-name-case", shown(path))
        elif path.rpartition(b"/")[2] in _OF_SYSTEMS:
            self._findings.warning("bag-system-file", shown(path))
        else:
            self._findings.error("bag-incomplete", shown(path))
        return None


def form(path: bytes) -> str:
    """A name in the one form of Unicode in which names are compared."""
    return unicodedata.normalize("NFC", shown(path))
