"""Security (安全性): no virus, nothing that runs, nothing concealed, nothing that not everybody may read."""

from collections.abc import Iterator
from datetime import datetime

from archive.errors import InvalidInput
from classifiers.noticing import Notice, Noticed
from ingest.checks.inspected import all_seen
from ingest.checks.types import (
    Checked,
    CheckedComponent,
    Finding,
    Nature,
    failed,
    not_checked,
    passed,
    seen,
)
from ingest.examining.types import Stage
from ingest.formats.inspection import Aspect
from ingest.malware.types import Scan, Scanner, doubts

_DEFINITION_DAYS = 7


class VirusFree:
    """GD-4-2: a scanner has looked at every file, with definitions not older than a week.

    Without one nothing has been checked; a file that the scanner cannot look at wholly has not been checked either.
    """

    code = "GD-4-2"
    nature = Nature.SECURITY
    version = "2"

    def __init__(self, scanner: Scanner | None = None) -> None:
        self._scanner = scanner

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            yield self._one(component, item.now)

    def _one(self, component: CheckedComponent, now: datetime | None) -> Finding:
        if self._scanner is None:
            return not_checked("no-virus-scanner", component.id)
        # A scanner that gives no answer says nothing of the file: Unavailable goes on, and the work is tried again.
        try:
            with component.open() as stream:
                scan = self._scanner.scan(stream, component.size)
        except InvalidInput as error:
            return not_checked(error.code, component.id, **error.params)
        return _judged(component, scan, now)


def _judged(component: CheckedComponent, scan: Scan, now: datetime | None) -> Finding:
    evidence = {
        "definitions": scan.definitions,
        "definitions_date": scan.definitions_date.isoformat() if scan.definitions_date else None,
    }
    if scan.found is not None:
        return seen(failed("virus-found", component.id, virus=scan.found), evidence, scan.engine)
    doubtful = doubts(scan.definitions_date, now, _DEFINITION_DAYS) if now is not None else ()
    if doubtful:
        return seen(not_checked(doubtful[0].code, component.id, **doubtful[0].params), evidence, scan.engine)
    return seen(passed(component.id), evidence, scan.engine)


class NothingActive:
    """JZ-4-1, a check of ours beside DA/T 70: no JavaScript, macros, launch actions or embedded programs."""

    code = "JZ-4-1"
    nature = Nature.SECURITY
    version = "3"

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            yield from all_seen(component, Aspect.ACTIVE)


class NothingConcealed:
    """JZ-4-2, a check of ours: a file is one file; it holds no other files, and nothing lies behind its end."""

    code = "JZ-4-2"
    nature = Nature.SECURITY
    version = "2"

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            yield from all_seen(component, Aspect.CONCEALED)


class NothingSecret:
    """JZ-4-3, a check of ours: no mark of secrecy on the page, and which personal numbers the text shows.

    Personal numbers are no fault of a document; they decide later how it is published. Of a file without text nothing
    has been noticed, which is not the same as that there is nothing.
    """

    code = "JZ-4-3"
    nature = Nature.SECURITY
    version = "2"

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            yield self._one(component)

    def _one(self, component: CheckedComponent) -> Finding:
        examination = component.examination
        if examination is None or examination.reading.problem is not None:
            return not_checked("not-read", component.id)
        broken = examination.problems.get(Stage.NOTICE)
        if broken is not None:
            return not_checked(broken.code, component.id, **broken.params)
        if not examination.reading.text.strip():
            return not_checked("file-without-text", component.id)
        found = {each.kind: each for each in examination.noticed}
        counts = {str(kind): noticed.count for kind, noticed in found.items()}
        secret = found.pop(Notice.SECRECY_MARK, None)
        if secret is not None:
            return seen(failed("secrecy-marked", component.id, grade=_grade(secret)), counts)
        if found:
            count = sum(noticed.count for noticed in found.values())
            return seen(failed("personal-numbers", component.id, count=count), counts)
        return passed(component.id)


def _grade(noticed: Noticed) -> str:
    return noticed.grade or "未注明"
