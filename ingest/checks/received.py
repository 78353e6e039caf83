"""An information package as somebody hands it over: its validation told by the items of DA/T 70, before it is filed."""

from datetime import datetime
from typing import Final

from ingest.checks.engine import run_checks
from ingest.checks.registry import Means, checks_of
from ingest.checks.subjects import CheckedPackage, Report
from ingest.checks.types import CheckResult, Phase, SubjectKind

# An offline transfer package of DA/T 93 is handed from an archive to an archive; every other kind comes to be filed.
_TRANSFERRED: Final = frozenset({"dat93"})
# The checks of packages look into no item.
_MEANS: Final = Means((), "")


def check_package(name: str, report: Report, at: datetime) -> tuple[CheckResult, ...]:
    """What the items of packages say of one that was validated, in the phase of its kind, at the moment `at`.

    It lies here as files, so that it is taken to have come over a network; and without the note that announced it, so
    that nothing says how much there should be of it beside what it tells of itself.
    """
    phase = Phase.TRANSFER if report.kind in _TRANSFERRED else Phase.FILING
    checks = checks_of(phase, SubjectKind.PACKAGE, _MEANS)
    return run_checks(checks, CheckedPackage(name, report, at), phase)
