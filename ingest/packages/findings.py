"""Findings as they are made: all of them, within a bound that is told."""

from typing import Final

from archive.errors import ArchiveError
from ingest.packages.types import Finding, Severity, require_no_error

MOST: Final = 1_000
"""So many findings are kept of each severity. Whoever lacks a hundred thousand files knows what to do before that."""


class Findings:
    """Collects what is found. Each finding's sentence knows its place as `name`."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counted = dict.fromkeys(Severity, 0)

    def error(self, code: str, path: str = "", /, **params: object) -> None:
        """A broken rule."""
        self._add(Severity.ERROR, code, path, params)

    def warning(self, code: str, path: str = "", /, **params: object) -> None:
        """Something that no rule forbids and that bodes ill."""
        self._add(Severity.WARNING, code, path, params)

    def info(self, code: str, path: str = "", /, **params: object) -> None:
        """Something worth knowing, such as what was not checked."""
        self._add(Severity.INFO, code, path, params)

    def caught(self, error: ArchiveError, path: str = "") -> None:
        """What an error that ended a part of the validation says."""
        self._add(Severity.ERROR, error.code, path or str(error.params.get("name", "")), dict(error.params))

    @property
    def errors(self) -> int:
        """How many rules were found broken."""
        return self._counted[Severity.ERROR]

    def all(self) -> tuple[Finding, ...]:
        """Everything found, and how much was left out."""
        left = {severity: count - MOST for severity, count in self._counted.items() if count > MOST}
        more = (Finding("package-findings-more", severity, "", {"more": count}) for severity, count in left.items())
        return (*self._found, *more)

    def require_none(self) -> None:
        """Refuse a package with errors under the code of the first, with the codes of all in its `findings`.

        Raises:
            InvalidInput: a rule was found broken.
        """
        require_no_error(self._found)

    def _add(self, severity: Severity, code: str, path: str, params: dict[str, object]) -> None:
        self._counted[severity] += 1
        if self._counted[severity] <= MOST:
            self._found.append(Finding(code, severity, path, {"name": path, **params}))
