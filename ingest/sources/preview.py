"""Preview: a source is read for a moment, and what would become of its documents is shown instead of done.

Nothing is stored and nothing acknowledged. However the source behaves, a preview ends after so many documents or so
many seconds: the reading goes on in a thread of its own, and one that does not come back is given up.
"""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from typing import Any, BinaryIO, Final

import structlog

from archive.errors import ArchiveError, InvalidInput, SourceFailed, Unavailable
from archive.plan.types import Plan
from archive.records.types import ComponentRole, Delivery, Incoming
from classifiers.arbiter import classify
from ingest.connectors.port import Arrival, Gone, Known, Opened, Refused, Withdrawn
from ingest.extractors.reading import Reading
from ingest.sources.samples import (
    UNCHANGED,
    Ending,
    Mask,
    Preview,
    Sample,
    SampledFile,
    evidence_for,
    masked_values,
)
from ingest.types import ArrivalStatus, Source

Opening = Callable[[Source], AbstractContextManager[Opened]]
"""Opens a source for a reading of which nothing is kept."""

Read = Callable[[BinaryIO, str], Reading]
"""Reads a file that came by a name."""

MOST: Final = 50
"""Documents that one preview shows at most."""

_SECONDS: Final = 30.0
_AT_ONCE: Final = 4
_MOST_READ: Final = 16 << 20
_MOST_CHARACTERS: Final = 60_000
_BLOCK: Final = 1 << 20


class _TimeIsUp(Exception):
    """The preview is over; said to a connector that asks what is known."""


class Previewer:
    """Previews sources.

    `open_source` opens one, `read` reads a file by its name, `seconds` is how long one preview may take.
    """

    def __init__(self, open_source: Opening, read: Read, plan: Plan, seconds: float = _SECONDS) -> None:
        self._open = open_source
        self._read_file = read
        self._plan = plan
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def preview(self, source: Source, limit: int, mask: Mask) -> Preview:
        """What `source` would deliver under its draft, or as it is where it has none; `limit` documents at most.

        Raises:
            InvalidInput: the source cannot be opened with these options.
            SourceFailed: it failed, or its time was over (`preview-timed-out`), before it showed anything.
            Unavailable: too many previews are under way (`preview-busy`).
        """
        tried = replace(source, position={}, options=source.options if source.draft is None else source.draft)
        if not self._places.acquire(blocking=False):
            raise Unavailable("preview-busy", most=_AT_ONCE)
        reading = _Reading(tried, min(limit, MOST), lambda arrival: self._sample(arrival, mask))
        thread = threading.Thread(target=self._read, args=(reading,), name="preview", daemon=True)
        thread.start()
        if not reading.ended.wait(self._seconds):
            reading.given_up.set()
        preview = reading.result(draft=source.draft is not None)
        if preview.samples or preview.ending in {Ending.COMPLETE, Ending.ENOUGH}:
            return preview
        if reading.error is not None:
            raise reading.error
        raise SourceFailed("preview-timed-out", source=source.name, seconds=round(self._seconds))

    def _read(self, reading: "_Reading") -> None:
        try:
            with self._open(reading.source) as opened:
                reading.read(opened)
        except _TimeIsUp:
            pass
        except ArchiveError as error:
            reading.error = error
        except Exception as error:  # noqa: BLE001 - a connector of somebody else: named to whoever looks, never swallowed
            structlog.get_logger().exception("preview.crashed", source=reading.source.name)
            reading.error = SourceFailed("source-crashed", source=reading.source.name, detail=type(error).__name__)
        finally:
            self._places.release()
            reading.ended.set()

    def _sample(self, arrival: Arrival, mask: Mask) -> Sample:
        what = arrival.what
        if isinstance(what, Delivery):
            try:
                return self._delivered(arrival.external_id, what, mask)
            except InvalidInput as error:
                # Intake refuses the document for the same reason.
                what = Refused(error.code, error.params)
        if isinstance(what, Refused):
            params = masked_values(what.params, mask)
            return Sample(arrival.external_id, ArrivalStatus.REFUSED, what.code, params)
        if isinstance(what, Gone):
            return Sample(arrival.external_id, ArrivalStatus.GONE, what.code)
        if isinstance(what, Withdrawn):
            return Sample(arrival.external_id, ArrivalStatus.WITHDRAWN, what.code)
        return Sample(arrival.external_id, UNCHANGED)

    def _delivered(self, external_id: str, delivery: Delivery, mask: Mask) -> Sample:
        files, body = [], ""
        for component in delivery.components:
            if component.role is ComponentRole.MAIN and not _is_large(component):
                file, body = self._opened(component)
                files.append(file)
            else:
                files.append(_unopened(component))
        found = Sample(
            external_id,
            ArrivalStatus.CAPTURED,
            title=delivery.title,
            published=delivery.published,
            region=delivery.region,
            hints=delivery.hints,
            files=tuple(files),
        )
        codes = tuple(component.code for component in delivery.components if component.code)
        decision = classify(evidence_for(found, body[:_MOST_CHARACTERS], codes), self._plan)
        return replace(
            found,
            title=mask(found.title),
            hints=masked_values(found.hints, mask),
            files=tuple(replace(file, name=mask(file.name)) for file in files),
            decision=decision,
        )

    def _opened(self, component: Incoming) -> tuple[SampledFile, str]:
        """A file with its measure and its text; one too large for a preview is read no further and has no text."""
        data = io.BytesIO()
        with component.open() as stream:
            while data.tell() <= _MOST_READ and (block := stream.read(_BLOCK)):
                data.write(block)
        if data.tell() > _MOST_READ:
            return _unopened(component), ""
        size = data.tell()
        data.seek(0)
        reading = self._read_file(data, component.name)
        file = SampledFile(
            component.name,
            str(component.role),
            size,
            reading.identified.mime,
            opened=True,
            problem=reading.problem.code if reading.problem else None,
        )
        return file, reading.text


class _Reading:
    """One reading under way: what it has shown so far, and how it ended."""

    def __init__(self, source: Source, limit: int, look: Callable[[Arrival], Sample]) -> None:
        self.source = source
        self.error: ArchiveError | None = None
        self.ended = threading.Event()
        self.given_up = threading.Event()
        self._limit = limit
        self._look = look
        self._samples: list[Sample] = []
        self._ending = Ending.TIME

    def read(self, opened: Opened) -> None:
        """Look at documents until there are enough, or nobody waits for them."""
        arrivals = opened.connector.arrivals(self._known)
        with _ended(arrivals):
            for arrival in arrivals:
                self._samples.append(self._look(arrival))
                if len(self._samples) >= self._limit:
                    self._ending = Ending.ENOUGH
                    return
                if self.given_up.is_set():
                    return
        self._ending = Ending.COMPLETE

    def result(self, *, draft: bool) -> Preview:
        """How far it has come."""
        failed = self.error is not None and self.ended.is_set()
        error = self.error if failed else None
        return Preview(
            self.source.name,
            tuple(self._samples),
            Ending.FAILED if failed else self._ending,
            draft,
            error.code if error else None,
            error.params if error else {},
        )

    def _known(self, external_id: str) -> Known | None:
        del external_id
        if self.given_up.is_set():
            raise _TimeIsUp
        return None


def _ended(arrivals: Iterator[Arrival]) -> AbstractContextManager[Any]:
    """Closes a generator while its source is still open."""
    return closing(arrivals) if hasattr(arrivals, "close") else nullcontext()


def _is_large(component: Incoming) -> bool:
    return component.announced_size is not None and component.announced_size > _MOST_READ


def _unopened(component: Incoming) -> SampledFile:
    return SampledFile(component.name, str(component.role), component.announced_size, component.media_type)
