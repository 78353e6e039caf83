"""Usability (可用性): the format is known and accepted, the file opens and can be read or played."""

from collections.abc import Callable, Collection, Iterator
from typing import BinaryIO

from archive.errors import InvalidInput
from ingest.checks.types import Checked, CheckedComponent, Finding, Nature, failed, not_checked, passed
from ingest.extractors.html import HTML_UNCLOSED
from ingest.extractors.pdf import REPAIRED, RESTRICTED, UNREADABLE_PAGES
from ingest.extractors.reading import UNSUPPORTED
from ingest.formats import known
from ingest.formats.containers import open_container
from ingest.recordings.probe import MediaProbe

_PLAYED = ("video/", "audio/", "image/")
_DOUBTFUL = (REPAIRED, UNREADABLE_PAGES, HTML_UNCLOSED)
_LOCKED = frozenset({"file-encrypted", "zip-lies", "zip-bomb", "zip-unsafe-name", "zip-method", "pdf-bomb"})

Prober = Callable[[BinaryIO], MediaProbe]


class AcceptedFormat:
    """GD-3-3: the format is known and on the list of formats the archive accepts, as MIME types (GB/T 18894)."""

    code = "GD-3-3"
    nature = Nature.USABILITY
    version = "1"

    def __init__(self, accepted: Collection[str]) -> None:
        self._accepted = frozenset(accepted)

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            identified = component.identified
            if identified.mime in {known.UNKNOWN, known.EMPTY} and identified.puid is None:
                yield failed("format-unknown", component.id)
            elif identified.mime in self._accepted:
                yield passed(component.id)
            else:
                yield failed("format-not-accepted", component.id, format=identified.label)


class Readable:
    """GD-3-4: documents open and give their pages, recordings decode to their end.

    A format that nothing here can open is not checked; it does not pass.
    """

    code = "GD-3-4"
    nature = Nature.USABILITY
    version = "1"

    def __init__(self, prober: Prober) -> None:
        self._prober = prober

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            yield self._one(component)

    def _one(self, component: CheckedComponent) -> Finding:
        if component.identified.mime.startswith(_PLAYED):
            return self._played(component)
        reading = component.reading
        if reading is None:
            return not_checked("not-read", component.id)
        if reading.problem is not None:
            return failed(reading.problem.code, component.id, **reading.problem.params)
        if reading.extraction is None:
            return not_checked(UNSUPPORTED, component.id, format=component.identified.label)
        doubtful = next((code for code in _DOUBTFUL if code in reading.extraction.warnings), None)
        return failed(doubtful, component.id) if doubtful else passed(component.id)

    def _played(self, component: CheckedComponent) -> Finding:
        try:
            with component.open() as stream:
                self._prober(stream)
        except InvalidInput as error:
            return failed(error.code, component.id, **error.params)
        except OSError as error:
            return not_checked("file-unreadable", component.id, detail=type(error).__name__)
        return passed(component.id)


class NothingLocked:
    """GD-3-8: no encryption, no compression that lies or is not public, in files or in the containers they are."""

    code = "GD-3-8"
    nature = Nature.USABILITY
    version = "1"

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            yield self._one(component)

    def _one(self, component: CheckedComponent) -> Finding:
        reading = component.reading
        if reading is None:
            return not_checked("not-read", component.id)
        if reading.problem is not None and reading.problem.code in _LOCKED:
            return failed(reading.problem.code, component.id, **reading.problem.params)
        if reading.extraction is not None and RESTRICTED in reading.extraction.warnings:
            return failed(RESTRICTED, component.id)
        return self._container(component) if component.identified.mime == known.ZIP else passed(component.id)

    def _container(self, component: CheckedComponent) -> Finding:
        """Every entry of a plain ZIP is inflated once, so that a size that lies is found."""
        try:
            with component.open() as stream:
                container = open_container(stream)
                for name in container.entries:
                    for _ in container.chunks(name):
                        pass
        except InvalidInput as error:
            return failed(error.code, component.id, **error.params)
        except OSError as error:
            return not_checked("file-unreadable", component.id, detail=type(error).__name__)
        return passed(component.id)
