"""Security (安全性): no virus, nothing that runs."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from archive.errors import Unavailable
from ingest.checks.types import Checked, CheckedComponent, Finding, Nature, failed, not_applicable, not_checked, passed
from ingest.extractors.pdf import NOT_ALL_INSPECTED
from ingest.extractors.port import ACTIVE_CONTENT, ACTIVE_UNCHECKED


class Scanner(Protocol):
    """A virus scanner."""

    def scan(self, stream: BinaryIO) -> str | None:
        """The name of what was found, None for nothing.

        Raises:
            Unavailable: the scanner gave no answer.
        """
        ...


class VirusFree:
    """GD-4-2: a scanner has looked at every file. Without a scanner nothing has been checked."""

    code = "GD-4-2"
    nature = Nature.SECURITY
    version = "1"

    def __init__(self, scanner: Scanner | None = None) -> None:
        self._scanner = scanner

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            yield self._one(component)

    def _one(self, component: CheckedComponent) -> Finding:
        if self._scanner is None:
            return not_checked("no-virus-scanner", component.id)
        try:
            with component.open() as stream:
                found = self._scanner.scan(stream)
        except Unavailable as error:
            return not_checked(error.code, component.id, **error.params)
        return failed("virus-found", component.id, virus=found) if found else passed(component.id)


class NothingActive:
    """JZ-4-1, a check of ours beside DA/T 70: no JavaScript, macros, launch actions or embedded programs."""

    code = "JZ-4-1"
    nature = Nature.SECURITY
    version = "1"

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            reading = component.reading
            if reading is None or reading.problem is not None:
                yield not_checked("not-read", component.id)
            elif reading.extraction is None:
                yield not_applicable(component.id)
            elif ACTIVE_CONTENT in reading.extraction.warnings:
                yield failed(ACTIVE_CONTENT, component.id)
            elif ACTIVE_UNCHECKED in reading.extraction.warnings:
                yield not_checked(ACTIVE_UNCHECKED, component.id)
            elif NOT_ALL_INSPECTED in reading.extraction.warnings:
                yield not_checked(NOT_ALL_INSPECTED, component.id)
            else:
                yield passed(component.id)
