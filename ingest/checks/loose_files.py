"""A file looked at by itself, before anybody thinks of filing it: what it is, what is found, what would follow."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from archive.errors import InvalidInput
from ingest.checks.engine import run_checks
from ingest.checks.gate import Action, Cover, Policy, Ruling, gate
from ingest.checks.types import MAIN, Check, Checked, CheckedComponent, CheckResult, Phase
from ingest.examining.examiner import Examiner
from ingest.examining.types import Examination

_ONLY: Final = "file"
# There is nothing that the bytes could be compared with.
_COMPARING: Final = frozenset({"GD-1-14"})


@dataclass(frozen=True)
class Looked:
    """What became of one file. `results` are those of the checks of files, each with the policy's word on it."""

    examination: Examination
    results: tuple[CheckResult, ...]
    severities: tuple[Action, ...]
    ruling: Ruling


class FileLooker:
    """Looks at loose files with the checks that speak of files, under one policy."""

    def __init__(self, examiner: Examiner, checks: Sequence[Check], policy: Policy) -> None:
        self._examiner = examiner
        covers = frozenset({Cover.COMPONENT})
        rules = {
            code: replace(rule, covers=covers)
            for code, rule in policy.rules.items()
            if Cover.COMPONENT in rule.covers and rule.phase is Phase.FILING and code not in _COMPARING
        }
        self._policy = replace(policy, rules=rules)
        self._checks = tuple(check for check in checks if check.code in rules)

    def look(self, path: Path, at: datetime) -> Looked:
        """Examine the file at `path` at the moment `at` and judge it.

        Raises:
            InvalidInput: `file-unreadable`, its bytes cannot be read.
            Unavailable: something that is needed for looking does not answer.
        """
        name = path.name
        try:
            with path.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                examination = self._examiner.examine(stream, name, at)
        except OSError as error:
            raise InvalidInput("file-unreadable") from error
        component = CheckedComponent(
            id=_ONLY,
            name=os.fsencode(name).decode("utf-8", "replace"),
            name_bytes=_strange_bytes(name),
            role=MAIN,
            size=size,
            # Nothing compares them, and a recording of many gigabytes takes minutes to digest.
            sha256="",
            sm3="",
            announced_size=None,
            announced_sha256=None,
            open=lambda: path.open("rb"),
            examination=examination,
        )
        item = Checked(name, at, "", name, (component,), now=at)
        results = tuple(result for result in run_checks(self._checks, item) if result.component == _ONLY)
        verdict = gate(results, self._policy, (_ONLY,))
        rules = self._policy.rules
        severities = tuple(rules[each.code].action_for(each.outcome, each.reason_code) for each in results)
        return Looked(examination, results, severities, verdict.ruling)

    def close(self) -> None:
        """End the process that looks into files."""
        self._examiner.close()


def _strange_bytes(name: str) -> bytes | None:
    """The bytes of a name that is no UTF-8."""
    raw = os.fsencode(name)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw
    return None
