"""The system that files and keeps: its database, its scanner, the environment on record, its backups."""

from collections.abc import Iterator
from datetime import timedelta

from ingest.checks.answers import Awaiting
from ingest.checks.items import Item
from ingest.checks.subjects import CheckedSystem
from ingest.checks.types import Finding, Nature, failed, not_checked, passed, seen

_NEEDED = ("operating-system", "machine", "python", "database")
"""What has to stand on record of the environment, so that somebody can rebuild it."""

_DRILL_DAYS = 366
_DEFINITION_DAYS = 7


class DatabaseReachable:
    """GD-3-2: the target database can be reached and gives rows of its catalogue."""

    version = "1"

    def __init__(self, item: Item) -> None:
        self.code = item.code
        self.nature: Nature = item.nature

    def run(self, system: CheckedSystem, /) -> Iterator[Finding]:
        state = system.database
        if state is None:
            yield not_checked("database-not-asked")
            return
        evidence = {"reachable": state.reachable, "rows": state.rows}
        yield seen(passed() if state.reachable else failed("database-silent"), evidence, state.version)


class EnvironmentRecorded:
    """GD-3-6 and CQ-3-4: the software and hardware that the records need is on record, and all of it is there."""

    version = "1"

    def __init__(self, item: Item) -> None:
        self.code = item.code
        self.nature: Nature = item.nature

    def run(self, system: CheckedSystem, /) -> Iterator[Finding]:
        evidence = {"environment": dict(sorted(system.environment.items()))}
        unknown = [name for name in _NEEDED if name not in system.environment]
        gone = sorted(name for name, version in system.environment.items() if not version)
        if unknown:
            yield seen(not_checked("environment-not-recorded", names=", ".join(unknown)), evidence)
        elif gone:
            yield seen(failed("environment-missing", names=", ".join(gone)), evidence)
        else:
            yield seen(passed(), evidence)


class ScannerPresent:
    """GD-4-1: a virus scanner is there and answers, with definitions that are at most `days` old."""

    version = "1"

    def __init__(self, item: Item, days: int = _DEFINITION_DAYS) -> None:
        self.code = item.code
        self.nature: Nature = item.nature
        self._days = days

    def run(self, system: CheckedSystem, /) -> Iterator[Finding]:
        scanner = system.scanner
        if scanner is None:
            yield failed("virus-scanner-absent")
            return
        dated = scanner.definitions_date
        evidence = {"definitions": scanner.definitions, "date": dated.isoformat() if dated else None}
        if not scanner.answers:
            yield seen(not_checked("virus-scanner-no-answer"), evidence, scanner.engine)
        elif dated is None:
            yield seen(not_checked("virus-definitions-undated"), evidence, scanner.engine)
        elif (age := (system.now.date() - dated).days) > self._days:
            finding = failed("virus-definitions-old", date=dated.isoformat(), days=age, limit=self._days)
            yield seen(finding, evidence, scanner.engine)
        else:
            yield seen(passed(), evidence, scanner.engine)


class RestoreDrilled:
    """CQ-3-5: a backup was restored within the last year, and it went well. An answer of the service counts as well."""

    version = "1"

    def __init__(self, item: Item) -> None:
        self.code = item.code
        self.nature: Nature = item.nature
        self._awaiting = Awaiting(item)

    def run(self, system: CheckedSystem, /) -> Iterator[Finding]:
        drill = system.restore_drill
        if drill is None:
            yield from self._awaiting.run(system)
            return
        evidence = {"at": drill.at.isoformat(), "note": drill.note}
        if not drill.succeeded:
            yield seen(failed("restore-drill-failed", date=drill.at.date().isoformat()), evidence)
        elif system.now - drill.at > timedelta(days=_DRILL_DAYS):
            yield seen(failed("restore-drill-old", date=drill.at.date().isoformat(), limit=_DRILL_DAYS), evidence)
        else:
            yield seen(passed(), evidence)
