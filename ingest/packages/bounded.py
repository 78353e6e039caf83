"""Validation from the parent's side: packages are parsed in a bounded process, which is allowed time by their size."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from archive.errors import InvalidInput
from ingest.bounded.bounds import Bounds
from ingest.bounded.room import Room
from ingest.packages.laid import laid, listing
from ingest.packages.members import Members
from ingest.packages.types import Finding, Kind, PackageReport, Severity

_INSIDE: Final = "ingest.packages.inside:"
# What every package is allowed, and how much slower than any disk of today its bytes may be read.
_SECONDS: Final = 60
_BYTES_A_SECOND: Final = 50_000_000
_MOST_COUNTED: Final = 400_000


def validate(path: Path) -> PackageReport:
    """The report on the package at `path`, as `ingest.packages.validating.validate` gives it.

    One that broke the process or a bound is of the kind `unknown`, and its one finding says so: `reading-too-long`,
    `reading-too-much-memory`, `reading-too-much-said`, `reading-broke-off`.

    Raises:
        Unavailable: `reading-room-closed`, no process can be started.
    """
    try:
        return _validated(path.absolute())
    except InvalidInput as error:
        return PackageReport(Kind.UNKNOWN, "", (Finding(error.code, Severity.ERROR, "", dict(error.params)),))


def _validated(place: Path) -> PackageReport:
    arguments = {"path": str(place)}
    if place.is_dir():
        return _asked("validate", arguments, None, _bounds(_size_of(place), (str(place),)))
    if place.is_file():
        try:
            stream = place.open("rb")
        except OSError:
            # The process cannot open it either, and its report says so.
            return _asked("validate", arguments, None, _bounds(0))
        with stream:
            return _asked("validate_stream", {"name": place.name}, stream, _bounds(place.stat().st_size))
    return _asked("validate", arguments, None, _bounds(0))


def validate_members(members: Members) -> PackageReport:
    """The report on a package of these files, wherever they lie.

    Raises:
        InvalidInput: the package broke the process or a bound, under the codes that `validate` names; and what opening
            or reading the files raises.
        Unavailable: as `validate`.
    """
    bounds = _bounds(sum(member.size for member in members.values()))
    with laid(members) as stream:
        return _asked("validate_members", {"listed": listing(members)}, stream, bounds)


def _bounds(size: int, readable: tuple[str, ...] = ()) -> Bounds:
    seconds = _SECONDS + size // _BYTES_A_SECOND
    return Bounds(seconds=float(seconds), cpu_seconds=seconds, readable=readable)


def _size_of(folder: Path) -> int:
    """How many bytes lie below a folder, links not counted; of a folder with more names than any package, of those."""
    size = counted = 0
    for place, _, names in os.walk(os.fsencode(folder)):
        for name in names:
            counted += 1
            if counted > _MOST_COUNTED:
                return size
            try:
                size += os.lstat(place + b"/" + name).st_size
            except OSError:
                # It has gone since; the report is on what is there.
                continue
    return size


def _asked(function: str, arguments: Mapping[str, object], stream: BinaryIO | None, bounds: Bounds) -> PackageReport:
    room = Room(bounds)
    try:
        return _report(room.call(_INSIDE + function, arguments, stream))
    finally:
        room.close()


def _report(said: Any) -> PackageReport:
    """The report that a process gave. Nothing is believed of it that is not of its type.

    Raises:
        InvalidInput: `reading-broke-off`, it is none.
    """
    try:
        findings = tuple(
            Finding(str(row["code"]), Severity(row["severity"]), str(row["path"]), dict(row["params"]))
            for row in said["findings"]
        )
        return PackageReport(Kind(said["kind"]), str(said["version"]), findings)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput("reading-broke-off", detail="unfit answer") from error
