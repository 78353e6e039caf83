"""Identify and extract in one go, with every failure as a value: what the pipeline stores about a component."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from archive.errors import InvalidInput
from ingest.extractors.port import Extraction, Limits
from ingest.extractors.registry import Registry, build_registry
from ingest.formats import known
from ingest.formats.identify import identify
from ingest.formats.types import EXTENSION_MISMATCH, UNIDENTIFIED, Identified

UNSUPPORTED = "file-unsupported"
# Office documents locked with a password are no packages any more; PRONOM knows them by their encrypted stream.
_ENCRYPTED_PUIDS = frozenset({"fmt/494", "fmt/754", "fmt/755"})


@dataclass(frozen=True)
class Problem:
    """Why a file could not be read: a code of the message catalogue and what its sentence needs."""

    code: str
    params: Mapping[str, object]


@dataclass(frozen=True)
class Reading:
    """What one reading of a component gave.

    An extraction, or a problem, or neither: then no extractor reads this format (`file-unsupported`), which is a state
    and not a failure. `extractor` is `name/version` of the one that was asked, "" for none.
    """

    identified: Identified
    extraction: Extraction | None
    problem: Problem | None
    extractor: str = ""

    @property
    def text(self) -> str:
        """The text, "" where there is none."""
        return self.extraction.text if self.extraction else ""

    @property
    def state(self) -> str:
        """`extracted`, `failed` or `file-unsupported`."""
        if self.problem:
            return "failed"
        return "extracted" if self.extraction else UNSUPPORTED


def read_component(
    stream: BinaryIO, name: str, registry: Registry | None = None, limits: Limits | None = None
) -> Reading:
    """Identify `stream` and extract its text. The stream is left open.

    Raises:
        Unavailable: the format registry or a server that helps with reading does not answer; nothing was learned
            about the file.
    """
    try:
        identified = identify(stream, name)
    except InvalidInput as error:
        return Reading(UNIDENTIFIED, None, Problem(error.code, error.params))
    return read_identified(stream, identified, registry, limits)


def read_identified(
    stream: BinaryIO, identified: Identified, registry: Registry | None = None, limits: Limits | None = None
) -> Reading:
    """Extract the text of what has been identified. The stream is left open.

    Raises:
        Unavailable: a server that helps with reading does not answer; nothing was learned about the file.
    """
    problem = _refused(identified)
    if problem is not None:
        return Reading(identified, None, problem)
    extractor = (registry or build_registry()).choose(identified)
    if extractor is None:
        return Reading(identified, None, None)
    asked = f"{extractor.name}/{extractor.version}"
    try:
        return Reading(identified, extractor.extract(stream, limits or Limits()), None, asked)
    except InvalidInput as error:
        # Whoever helps with reading may know the format no better than we do: no failure, just no text.
        problem = None if error.code == UNSUPPORTED else Problem(error.code, error.params)
        return Reading(identified, None, problem, asked)


def _refused(identified: Identified) -> Problem | None:
    """What identification alone shows to be unreadable."""
    if identified.mime == known.EMPTY:
        return Problem("file-empty", {})
    if identified.puid in _ENCRYPTED_PUIDS:
        return Problem("file-encrypted", {})
    if identified.mime == known.ZIP and identified.warning not in {None, EXTENSION_MISMATCH}:
        return Problem(str(identified.warning), {})
    return None
