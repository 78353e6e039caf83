"""Information packages (信息包): what their validation found, item by item, and what came on their carrier."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from ingest.checks.items import Item
from ingest.checks.subjects import CheckedPackage, Report, ReportedFinding
from ingest.checks.types import Finding, Nature, failed, not_applicable, not_checked, passed, seen
from ingest.outcomes import Outcome

_LISTED = 50
_ERROR = "error"
_UNKNOWN_KIND = "unknown"
# Whoever cannot open a package has seen nothing of it: no other item passes on the strength of that.
_OPENS, _PUBLIC = "3-7", "3-8"


class PackageRules:
    """One item of a package: the rules of its kind that speak to it, as the validation applied them."""

    version = "1"

    def __init__(self, item: Item) -> None:
        self.code = item.code
        self.nature: Nature = item.nature
        self._number = item.code.partition("-")[2]

    def run(self, package: CheckedPackage, /) -> Iterator[Finding]:
        report = package.report
        if report is None:
            yield not_checked("package-not-validated")
            return
        own = [finding for finding in report.findings if number_of(finding.code) == self._number]
        evidence = {
            "kind": str(report.kind),
            "version": report.version,
            "findings": [
                {"code": each.code, "severity": str(each.severity), "path": each.path} for each in own[:_LISTED]
            ],
            "count": len(own),
        }
        yield seen(self._judged(report, own), evidence)

    def _judged(self, report: Report, own: list[ReportedFinding]) -> Finding:
        broken = [finding for finding in own if finding.severity == _ERROR]
        codes = ", ".join(dict.fromkeys(finding.code for finding in broken))
        if report.kind == _UNKNOWN_KIND:
            kind = failed if self._number == _OPENS else not_checked
            return kind("package-kind-unknown")
        if broken:
            return failed("package-rules-broken", count=len(broken), codes=codes)
        if any(_unchecked(finding.code) for finding in own):
            return not_checked("package-rules-not-checked", codes=", ".join(dict.fromkeys(one.code for one in own)))
        if self._number not in {_OPENS, _PUBLIC} and not _opened(report):
            return not_checked("package-not-opened")
        return passed()


class CountedPackage:
    """GD-2-1 and GD-2-2 of a package: what its delivery note announced has arrived, and its own counts agree."""

    version = "1"

    def __init__(self, item: Item, *, of_bytes: bool) -> None:
        self.code = item.code
        self.nature: Nature = item.nature
        self._rules = PackageRules(item)
        self._of_bytes = of_bytes

    def run(self, package: CheckedPackage, /) -> Iterator[Finding]:
        inside = next(iter(self._rules.run(package)))
        if inside.outcome is Outcome.FAIL:
            yield inside
            return
        registered = package.registered_bytes if self._of_bytes else package.registered_items
        received = package.received_bytes if self._of_bytes else package.received_items
        evidence = {"registered": registered, "received": received}
        reason = "bytes-differ" if self._of_bytes else "items-differ"
        if registered is None or received is None:
            yield seen(not_checked("nothing-registered"), {**inside.evidence, **evidence})
        elif registered != received:
            yield seen(failed(reason, registered=registered, received=received), evidence)
        else:
            yield seen(inside, evidence)


class SurplusFiles:
    """GD-4-3: nothing lies on the carrier that belongs to no item."""

    version = "1"

    def __init__(self, item: Item) -> None:
        self.code = item.code
        self.nature: Nature = item.nature

    def run(self, package: CheckedPackage, /) -> Iterator[Finding]:
        if package.carrier is None:
            yield not_applicable(None, "no-carrier")
        elif package.surplus is None:
            yield not_checked("carrier-not-listed")
        elif package.surplus:
            names = list(package.surplus[:_LISTED])
            yield seen(failed("files-surplus", count=len(package.surplus)), {"files": names})
        else:
            yield seen(passed(), {"carrier": package.carrier})


def number_of(code: str) -> str:
    """The number of the item, without its phase, that a finding's code speaks to."""
    numbers, prefixes, rest = _numbers()
    listed = numbers.get(code)
    if listed is not None:
        return listed
    return next((number for prefix, number in prefixes.items() if code.startswith(prefix)), rest)


def _opened(report: Report) -> bool:
    closed, blinding = {_OPENS, _PUBLIC}, _document()["blinding"]["codes"]
    errors = (each.code for each in report.findings if each.severity == _ERROR)
    return not any(code in blinding or number_of(code) in closed for code in errors)


def _unchecked(code: str) -> bool:
    table = _document()["unchecked"]
    return code in table["codes"] or code.endswith(table["suffix"])


@cache
def _numbers() -> tuple[Mapping[str, str], Mapping[str, str], str]:
    document = _document()
    numbers = {code: number for number, codes in document["codes"].items() for code in codes}
    return numbers, document["prefixes"], document["rest"]["number"]


@cache
def _document() -> dict[str, Any]:
    text = resources.files("ingest.checks.data").joinpath("package_codes.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
