"""Runs checks one after another and keeps what each of them said, how long it took and whether it broke."""

import logging
import time
from collections.abc import Sequence
from typing import TypeVar

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
from ingest.checks.items import items
from ingest.checks.kept import LastingFormat, LinkedContent
from ingest.checks.security import NothingActive, NothingConcealed, NothingSecret, VirusFree
from ingest.checks.signed import FixedAuthenticity
from ingest.checks.types import Check, CheckOf, CheckResult, Finding, Phase, not_checked
from ingest.checks.usability import AcceptedFormat, NothingLocked, Readable
from ingest.checks.values import ElementsAgree, NotRepeated, PlausibleValues, ValueRanges
from ingest.formats.policy import FormatPolicy
from ingest.malware.types import Scanner

_log = logging.getLogger(__name__)
_SubjectT = TypeVar("_SubjectT")


def build_checks(policy: Policy, formats: FormatPolicy, scanner: Scanner | None = None) -> tuple[Check, ...]:
    """Every check of the filing phase, with the limits of `policy` and the formats of `formats`."""
    return (
        FixedAuthenticity(),
        LengthOfMetadata(policy.title_limit),
        FormOfMetadata(),
        ValueRanges(),
        PlausibleValues(),
        SpecialCharacters(),
        NotRepeated(),
        ElementsAgree(),
        ElectronicAttributes(),
        LinkedContent(),
        Consistency(),
        ElementsPresent(),
        RequiredValues(),
        ContentPresent(),
        AttachmentsPresent(),
        AcceptedFormat(formats),
        Readable(),
        LastingFormat(),
        NothingLocked(),
        VirusFree(scanner),
        NothingActive(),
        NothingConcealed(),
        NothingSecret(),
    )


def run_checks(
    checks: Sequence[CheckOf[_SubjectT]], subject: _SubjectT, phase: Phase = Phase.FILING
) -> tuple[CheckResult, ...]:
    """What every check says of `subject`, in the order of `checks`. A check that breaks is stored as not checked.

    Raises:
        Unavailable: the store does not answer; nothing was found out.
    """
    results: list[CheckResult] = []
    for check in checks:
        started = time.perf_counter()
        findings = findings_of(check, subject)
        each = (time.perf_counter() - started) * 1000 / max(len(findings), 1)
        known = items().get(check.code)
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
                evidence=finding.evidence,
                tool=finding.tool,
                phase=known.phase if known is not None else phase,
            )
            for finding in findings
        ]
    return tuple(results)


def findings_of(check: CheckOf[_SubjectT], subject: _SubjectT) -> list[Finding]:
    """What one check says of `subject`; one that breaks has not checked it.

    Raises:
        Unavailable: the store does not answer; nothing was found out.
    """
    try:
        return list(check.run(subject))
    except Unavailable:
        # What the archive itself needs is away: that says nothing of the document, which must not go back for it.
        raise
    except Exception as error:  # noqa: BLE001 - any defect of one check must neither stop the others nor count as a pass
        # The type alone: the message of an unforeseen error may quote the record.
        _log.error("check %s crashed: %s", check.code, type(error).__name__)
        return [not_checked("check-crashed", check=check.code, detail=type(error).__name__)]
