"""What plain text is written as, where that makes it dangerous to open: a table, a playlist, deeply nested JSON.

None of them has a signature that everybody writes, so text is looked at while it is read, whatever its name.
"""

import re
from itertools import accumulate
from typing import Final

from archive.errors import InvalidInput
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect

_HEAD: Final = 1 << 20
_LONGEST_LINE: Final = 1 << 17
_DEEPEST: Final = 200
# A cell that a spreadsheet takes for a formula: behind a separator or at the start of a line, an equals sign before a
# value, or another of the four signs before the call of a function or of a program (OWASP, CSV Injection). Numbers
# with a sign, rules of dashes and lists with dashes are none.
_FORMULA: Final = re.compile(
    r"[=@+\-](?<![^\n\r,;\t\"][=@+\-])"
    r"(?:(?<==)[A-Za-z0-9($+\-'\"]|(?=[^A-Za-z\n]{0,64}[A-Za-z])[A-Za-z0-9_.+\-*/ ]{1,128}+(?<=\w)[(|!])"
)
_ESCAPED: Final = re.compile(r"\\.", re.DOTALL)
_OTHER: Final = re.compile(r"[^\[\]{}]+")
_STEPS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}
# Playlists as RFC 8216, 4.1 and Winamp write them.
_PLAYLIST: Final = re.compile(r"\ufeff?\s*(?:#EXTM3U\b|\[playlist\]\s)", re.IGNORECASE)
_ENTRY: Final = re.compile(
    r"^(?:File\d+=)?(?!#|\[|\w+=)[ \t]*(?P<name>\S.*)$|\bURI=\"(?P<uri>[^\"\n]{1,4096})\"", re.IGNORECASE | re.MULTILINE
)
_LOCAL: Final = re.compile(r"file:|/|\\|[a-z]:[\\/]|(?:[^:]*[\\/])?\.\.[\\/]", re.IGNORECASE)


class Written:
    """Looks at text that is fed to it piece by piece, and tells at its end what it found."""

    def __init__(self) -> None:
        self._head = ""
        self._line = ""
        self._formulas = 0
        self._depth = self._deepest = 0
        self._json: bool | None = None
        self._quoted = False
        self._escape = ""

    def feed(self, text: str) -> None:
        """The next piece of the text."""
        if len(self._head) < _HEAD:
            self._head += text[: _HEAD - len(self._head)]
        lines = self._line + text
        # A cell across two pieces is seen where lines are no longer than any table's.
        cut = lines.rfind("\n") + 1 if len(lines) < _LONGEST_LINE else len(lines)
        self._formulas += _count(lines[:cut])
        self._line = lines[cut:]
        if self._json is None and (first := text.lstrip("\ufeff \t\r\n")[:1]):
            self._json = first in "[{"
        if self._json and self._deepest <= _DEEPEST:
            self._nest(text)

    def tell(self, findings: Findings) -> None:
        """Say what was met, once all of the text has been fed."""
        self._formulas += _count(self._line)
        if self._formulas:
            findings.note(Aspect.ACTIVE, "text-formulas", count=self._formulas)
        if self._deepest > _DEEPEST:
            findings.refuse(InvalidInput("json-too-deep", limit=_DEEPEST))
        if _PLAYLIST.match(self._head):
            _tell_of_playlist(self._head, findings)

    def _nest(self, piece: str) -> None:
        text = self._escape + piece
        # A stroke at the end escapes what the next piece begins with, unless it is escaped itself.
        self._escape = "\\" if (len(text) - len(text.rstrip("\\"))) % 2 else ""
        parts = _ESCAPED.sub("", text[: len(text) - len(self._escape)]).split('"')
        outside = "".join(parts[self._quoted :: 2])
        self._quoted ^= len(parts) % 2 == 0
        depths = list(accumulate(map(_STEPS.__getitem__, _OTHER.sub("", outside)), initial=self._depth))
        self._depth, self._deepest = depths[-1], max(self._deepest, *depths, 0)


def _count(text: str) -> int:
    return sum(1 for _ in _FORMULA.finditer(text))


def _tell_of_playlist(head: str, findings: Findings) -> None:
    """Players open whatever a playlist names: files of the machine on which it is played, or addresses."""
    names = [found["name"] or found["uri"] for found in _ENTRY.finditer(head)]
    local = sum(1 for name in names if _LOCAL.match(name.strip()))
    if local:
        findings.fail(Aspect.ACTIVE, "playlist-local-files", count=local)
    if len(names) > local:
        findings.note(Aspect.ACTIVE, "playlist-loads", count=len(names) - local)
