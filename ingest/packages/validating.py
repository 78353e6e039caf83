"""Validates packages: everything that is wrong with one, each thing by its code and place.

Nothing is unpacked, fetched or written. Files are read in pieces and once for all their digests, so that memory does
not grow with them. Whoever cannot trust the package calls this in a bounded process (`ingest.packages.bounded`).
"""

import os
import unicodedata
from pathlib import Path
from typing import BinaryIO, Final

from archive.errors import InvalidInput
from ingest.formats.containers import ContainerLimits
from ingest.packages.findings import Findings
from ingest.packages.folder import members_in
from ingest.packages.kinds import rules_for
from ingest.packages.members import Members, by_path
from ingest.packages.names import shown
from ingest.packages.opening import members_in_file
from ingest.packages.types import Kind, PackageReport

MOST_FILES: Final = 200_000
"""Of one package. A volume has hundreds, a transfer of a year tens of thousands; a million is somebody's joke."""

LIMITS: Final = ContainerLimits(
    entries=MOST_FILES, directory_bytes=32 << 20, entry_bytes=64 << 30, total_bytes=256 << 30
)


def validate(path: Path) -> PackageReport:
    """The report on the package at `path`: a folder, a ZIP or tar container, or an encapsulation in one document.

    What is no package, cannot be opened or is not there is of the kind `unknown`, and a finding says why.
    """
    findings = Findings()
    try:
        if path.is_dir():
            return validate_members(by_path(members_in(path, MOST_FILES, findings), MOST_FILES), findings)
        with path.open("rb") as stream:
            return validate_stream(stream, path.name)
    except InvalidInput as error:
        findings.caught(error)
    except FileNotFoundError:
        findings.error("package-path-missing", shown(os.fsencode(path)))
    except OSError as error:
        findings.error("package-file-unreadable", shown(os.fsencode(path)), detail=error.strerror or str(error))
    return PackageReport(Kind.UNKNOWN, "", findings.all())


def validate_stream(stream: BinaryIO, name: str) -> PackageReport:
    """The report on a package that is one file, which came by `name`: a container, or an encapsulation."""
    findings, own = Findings(), name.encode("utf-8", "surrogateescape")
    try:
        return validate_members(by_path(members_in_file(stream, own, LIMITS, findings), MOST_FILES), findings)
    except InvalidInput as error:
        findings.caught(error)
    return PackageReport(Kind.UNKNOWN, "", findings.all())


def validate_members(members: Members, findings: Findings | None = None) -> PackageReport:
    """The report on a package of these files, wherever they lie."""
    found = findings if findings is not None else Findings()
    _look_at_names(members, found)
    rules = rules_for(members)
    if rules is None:
        found.error("package-kind-unknown")
        return PackageReport(Kind.UNKNOWN, "", found.all())
    version = ""
    try:
        version = rules.validate(members, found)
    except InvalidInput as error:
        found.caught(error)
    except OSError as error:
        # A medium that fails in the middle of a file: what was found until then stands, and so does the kind.
        found.error("package-file-unreadable", detail=error.strerror or type(error).__name__)
    return PackageReport(rules.kind, version, found.all())


def _look_at_names(members: Members, findings: Findings) -> None:
    """Names that differ in capitals or in their form of Unicode only: elsewhere they are one file."""
    seen: dict[str, bytes] = {}
    for path in members:
        other = seen.setdefault(unicodedata.normalize("NFC", shown(path)).casefold(), path)
        if other != path:
            findings.warning("package-names-alike", shown(path), other=shown(other))
