"""Runs checks one after another and keeps what each of them said, how long it took and whether it broke."""

import logging
import time
from collections.abc import Sequence

from archive.errors import Unavailable
from ingest.checks.authenticity import (
    Consistency,
    ElectronicAttributes,
    FormOfMetadata,
    LengthOfMetadata,
    SpecialCharacters,
)
from ingest.checks.gate import Policy
from ingest.checks.integrity import AttachmentsPresent, ContentPresent, ElementsPresent, RequiredValues
from ingest.checks.security import NothingActive, Scanner, VirusFree
from ingest.checks.types import Check, Checked, CheckResult, Finding, not_checked
from ingest.checks.usability import AcceptedFormat, NothingLocked, Prober, Readable

_log = logging.getLogger(__name__)


def build_checks(policy: Policy, prober: Prober, scanner: Scanner | None = None) -> tuple[Check, ...]:
    """Every check of the filing phase, with the limits and lists of `policy`. `prober` opens recordings."""
    return (
        LengthOfMetadata(policy.title_limit),
        FormOfMetadata(),
        SpecialCharacters(),
        ElectronicAttributes(),
        Consistency(),
        ElementsPresent(),
        RequiredValues(),
        ContentPresent(),
        AttachmentsPresent(),
        AcceptedFormat(policy.accepted),
        Readable(prober),
        NothingLocked(),
        VirusFree(scanner),
        NothingActive(),
    )


def run_checks(checks: Sequence[Check], item: Checked) -> tuple[CheckResult, ...]:
    """What every check says of `item`, in the order of `checks`. A check that breaks is stored as not checked.

    Raises:
        Unavailable: the store does not answer; nothing was found out.
    """
    results: list[CheckResult] = []
    for check in checks:
        started = time.perf_counter()
        findings = _findings(check, item)
        each = (time.perf_counter() - started) * 1000 / max(len(findings), 1)
        results += [
            CheckResult(
                code=check.code,
                nature=check.nature,
                component=finding.component,
                outcome=finding.outcome,
                reason_code=finding.reason_code,
                params=finding.params,
                rule_version=check.version,
                milliseconds=each,
            )
            for finding in findings
        ]
    return tuple(results)


def _findings(check: Check, item: Checked) -> list[Finding]:
    try:
        return list(check.run(item))
    except Unavailable:
        # What the archive itself needs is away: that says nothing of the document, which must not go back for it.
        raise
    except Exception as error:  # noqa: BLE001 - any defect of one check must neither stop the others nor count as a pass
        # The type alone: the message of an unforeseen error may quote the record.
        _log.error("check %s crashed: %s", check.code, type(error).__name__)
        return [not_checked("check-crashed", check=check.code, detail=type(error).__name__)]
