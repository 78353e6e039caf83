"""A closed volume in long-term keeping: the package it is kept as (保存信息包) still is what was sealed."""

from collections.abc import Iterator, Sequence

from ingest.checks.subjects import CheckedMember, CheckedVolume
from ingest.checks.types import Check, Checked, CheckOf, Finding, Nature, failed, not_checked, passed, seen
from ingest.checks.volume_contents import EveryItem
from ingest.outcomes import Outcome

_LISTED = 50
_SAMPLE = 20


class Sealed:
    """CQ-1-5 and CQ-2-4: the items of a volume are those that the ledger names, each in its place.

    `with_content` asks of each beside that for as many bytes in the store as were taken down for it, and for a file.
    """

    version = "1"

    def __init__(self, code: str, nature: Nature, *, with_content: bool) -> None:
        self.code = code
        self.nature = nature
        self._with_content = with_content

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        if volume.sealed is None:
            yield not_checked("not-sealed")
            return
        found = tuple(member.id for member in volume.members)
        evidence = {"sealed": len(volume.sealed), "found": len(found)}
        if found != volume.sealed:
            differing = sorted(set(found) ^ set(volume.sealed))[:_LISTED]
            finding = failed("seal-differs", registered=len(volume.sealed), received=len(found))
            yield seen(finding, {**evidence, "differing": differing})
        elif self._with_content:
            yield seen(_content(volume.members), evidence)
        else:
            yield seen(passed(), evidence)


class Amounts:
    """CQ-2-1: as many items and as many bytes are there as were registered."""

    code = "CQ-2-1"
    nature = Nature.INTEGRITY
    version = "1"

    def __init__(self, checks: Sequence[CheckOf[CheckedVolume]]) -> None:
        self._checks = tuple(checks)

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        findings = [finding for check in self._checks for finding in check.run(volume)]
        yield worst(findings)


class Catalogued:
    """CQ-3-1: the metadata of every item of a volume can still be read."""

    code = "CQ-3-1"
    nature = Nature.USABILITY
    version = "1"

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        unread = [member.id for member in volume.members if member.item is None]
        evidence = {"items": len(volume.members), "unread": unread[:_LISTED]}
        if not volume.members:
            yield seen(failed("volume-empty"), evidence)
        elif unread:
            yield seen(not_checked("item-not-loaded"), evidence)
        else:
            yield seen(passed(), evidence)


class SampleOpened(EveryItem):
    """CQ-3-2: a sample of the items opens: at most twenty, spread evenly over the volume and named in the evidence."""

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        self.code = "CQ-3-2"
        self.version = f"1.{check.version}"

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        members = spread(volume.members, _SAMPLE)
        names = [member.id for member in members]
        for finding in self.over(members):
            yield seen(finding, {"sample": names, "items": len(volume.members)})


class Together:
    """Several checks of an item under one number: the worst of what they say, for each thing that they speak of."""

    def __init__(self, code: str, nature: Nature, checks: Sequence[Check]) -> None:
        self.code = code
        self.nature = nature
        self.version = ".".join(check.version for check in checks)
        self._checks = tuple(checks)

    def run(self, item: Checked, /) -> Iterator[Finding]:
        found: dict[str | None, list[Finding]] = {}
        for check in self._checks:
            for finding in check.run(item):
                found.setdefault(finding.component, []).append(finding)
        yield from (worst(findings) for findings in found.values())


def worst(findings: Sequence[Finding]) -> Finding:
    """The finding that counts where several speak of the same thing; there is at least one."""
    order = (Outcome.FAIL, Outcome.NOT_CHECKED, Outcome.PASS, Outcome.NOT_APPLICABLE)
    return min(findings, key=lambda finding: order.index(finding.outcome))


def spread(members: Sequence[CheckedMember], most: int) -> tuple[CheckedMember, ...]:
    """At most `most` of the members, evenly spread, the first and the last among them."""
    if len(members) <= most:
        return tuple(members)
    last = len(members) - 1
    return tuple(members[index * last // (most - 1)] for index in range(most))


def _content(members: Sequence[CheckedMember]) -> Finding:
    if any(member.stored is None for member in members):
        return not_checked("bytes-not-counted", items=sum(member.stored is None for member in members))
    wanting = [member.id for member in members if not member.files or member.stored != member.size]
    if wanting:
        return seen(failed("items-without-content", items=len(wanting)), {"items": wanting[:_LISTED]})
    return passed()
