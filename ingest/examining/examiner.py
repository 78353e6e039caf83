"""Examining a file: one stage after the other in a bounded process, and what servers add to it."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO, Final, TypeVar

from archive.errors import InvalidInput
from classifiers.noticing import Noticed
from ingest.bounded.room import Allowance, Room
from ingest.examining.types import Examination, Stage
from ingest.examining.values import from_json, to_json
from ingest.extractors.port import Extractor
from ingest.extractors.reading import Problem, Reading, read_identified
from ingest.extractors.registry import Registry
from ingest.formats import known
from ingest.formats.inspection import CLAIM_NOT_VALIDATED, Aspect, Inspection
from ingest.formats.types import UNIDENTIFIED, Identified
from ingest.formats.verapdf import VeraPdf
from ingest.outcomes import Observation, Outcome
from ingest.signatures.trust import to_json as trust_value
from ingest.signatures.types import (
    NOBODY,
    Coverage,
    Integrity,
    Kind,
    Signature,
    Signatures,
    Trust,
    TrustList,
)

T = TypeVar("T")

_INSIDE: Final = "ingest.examining.inside:"
_MOST_SIGNATURE: Final = 4 << 20


@dataclass(frozen=True)
class Helpers:
    """Servers that help where there are any: one that reads what we do not, one that judges PDF/A."""

    reader: Extractor | None = None
    judge: VeraPdf | None = None


class Examiner:
    """Finds out everything about one file after the other, in `room`.

    `trust` is whose certificates are trusted.
    """

    def __init__(self, room: Room, trust: TrustList = NOBODY, helpers: Helpers | None = None) -> None:
        self._room = room
        self._trust = trust_value(trust)
        self._helpers = helpers or Helpers()

    def examine(self, stream: BinaryIO, name: str, at: datetime, declared: str = "") -> Examination:
        """Everything that `stream`, a seekable file that came by `name`, shows at the moment `at`.

        `declared` is the MIME type that its source states, "" where it states none.

        All stages together take no longer than one call in the room may. The stream is left open.

        Raises:
            Unavailable: a server that helps does not answer, or no process can be started: nothing was learned.
        """
        work = _Work(self._room, stream)
        naming = {"name": name, "declared": declared}
        identified = work.stage(Stage.IDENTIFY, Identified, "identify", naming)
        if identified is None:
            return Examination(Reading(UNIDENTIFIED, None, work.problems[Stage.IDENTIFY]), problems=work.problems)
        about = {"identified": to_json(Identified, identified)}
        reading = work.stage(Stage.READ, Reading, "read", about)
        if reading is None:
            reading = Reading(identified, None, work.problems.pop(Stage.READ))
        reading = self._helped(reading, stream)
        inspections = work.stage(Stage.INSPECT, tuple[Inspection, ...], "inspect", about) or ()
        inspections = self._judged(inspections, identified, stream)
        signing = {"mime": identified.mime, "trust": self._trust, "at": at.isoformat()}
        signatures = work.stage(Stage.SIGNATURES, Signatures, "signatures", signing)
        noticed: tuple[Noticed, ...] = ()
        if reading.text:
            noticed = work.stage(Stage.NOTICE, tuple[Noticed, ...], "noticing", {"text": reading.text}) or ()
        return Examination(reading, inspections, signatures, noticed, work.problems)

    def read(self, stream: BinaryIO, name: str) -> Reading:
        """Only what `stream` is and the text it holds, for whoever needs no more.

        Raises:
            Unavailable: as `examine`.
        """
        work = _Work(self._room, stream)
        identified = work.stage(Stage.IDENTIFY, Identified, "identify", {"name": name})
        if identified is None:
            return Reading(UNIDENTIFIED, None, work.problems[Stage.IDENTIFY])
        reading = work.stage(Stage.READ, Reading, "read", {"identified": to_json(Identified, identified)})
        return self._helped(reading or Reading(identified, None, work.problems[Stage.READ]), stream)

    def verify_twin(self, signature: BinaryIO, content: BinaryIO, at: datetime) -> Signature:
        """What the detached signature in one file says of another. Both streams are left open.

        Raises:
            Unavailable: as `examine`.
        """
        signature.seek(0)
        signed = signature.read(_MOST_SIGNATURE + 1)
        if len(signed) > _MOST_SIGNATURE:
            return unverified(Observation("signature-too-large", {"limit": _MOST_SIGNATURE}))
        arguments = {"signature": b64encode(signed).decode(), "trust": self._trust, "at": at.isoformat()}
        work = _Work(self._room, content)
        found = work.stage(Stage.SIGNATURES, Signature, "twin", arguments)
        if found is not None:
            return found
        problem = work.problems[Stage.SIGNATURES]
        return unverified(Observation(problem.code, problem.params))

    def close(self) -> None:
        """End the process that looks into files."""
        self._room.close()

    def _helped(self, reading: Reading, stream: BinaryIO) -> Reading:
        """What the server that helps with reading makes of a file that nothing here reads."""
        helper = self._helpers.reader
        if helper is None or reading.problem is not None or reading.extraction is not None:
            return reading
        return read_identified(stream, reading.identified, Registry((helper,)))

    def _judged(
        self, inspections: tuple[Inspection, ...], identified: Identified, stream: BinaryIO
    ) -> tuple[Inspection, ...]:
        """The inspections, with the word of whoever judges conformance in place of what the file says of itself."""
        claimed = next((each for each in inspections if each.aspect is Aspect.CONFORMANCE), None)
        if self._helpers.judge is None or identified.mime != known.PDF or claimed is None:
            return inspections
        if claimed.outcome is not Outcome.NOT_CHECKED:
            # It claims nothing, or what it is rules out what it claims.
            return inspections
        judged = self._helpers.judge.validate(stream).inspection()
        facts = claimed.observations
        if judged.outcome is not Outcome.NOT_CHECKED:
            # It has been validated now, whatever came out.
            facts = tuple(each for each in facts if each.code != CLAIM_NOT_VALIDATED)
        word = replace(judged, observations=(*judged.observations, *facts))
        return tuple(word if each is claimed else each for each in inspections)


def unverified(why: Observation) -> Signature:
    """A signature of which nothing could be said, for the reason given."""
    return Signature(Kind.CMS, "", Integrity.NOT_CHECKED, Coverage.UNCLEAR, Trust.NOT_CHECKED, observations=(why,))


class _Work:
    """The stages of one examination, which share one stretch of time."""

    def __init__(self, room: Room, stream: BinaryIO) -> None:
        self._room = room
        self._stream = stream
        self._allowance = Allowance(room.bounds.seconds)
        self.problems: dict[Stage, Problem] = {}

    def stage(self, stage: Stage, kind: type[T], function: str, arguments: Mapping[str, object]) -> T | None:
        """What one stage gives; None where it broke, and `problems` says why."""
        stream = self._stream if stage is not Stage.NOTICE else None
        try:
            return from_json(kind, self._room.call(_INSIDE + function, arguments, stream, self._allowance))
        except InvalidInput as error:
            self.problems[stage] = Problem(error.code, error.params)
            return None
