"""A volume as it was numbered and counted: reference codes, running numbers, items and bytes."""

from collections.abc import Iterator

from archive.errors import InvalidInput
from ingest.checks.subjects import CheckedMember, CheckedVolume
from ingest.checks.types import Finding, Nature, failed, not_checked, passed, seen


class ReferenceCodes:
    """GD-1-7: the reference codes (档号) of a volume and its items are built from the segments of the plan.

    Segment by segment: the form of each, that it says what the volume is (fonds, trade, region, year, retention), and
    that the code of an item is that of its volume with its own number.
    """

    code = "GD-1-7"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        reference = volume.reference_code
        if reference is None:
            yield not_checked("not-numbered")
            return
        evidence = {"reference_code": reference, "items": len(volume.members)}
        yield seen(_segments(volume, reference) or _members(volume, reference) or passed(), evidence)


class RunningNumbers:
    """GD-2-6: the items of a volume are numbered from 1 on, without a gap and without a number given twice."""

    code = "GD-2-6"
    nature = Nature.INTEGRITY
    version = "1"

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        numbers = [member.number for member in volume.members]
        given = [number for number in numbers if number is not None]
        evidence = {"first": min(given, default=None), "last": max(given, default=None), "items": len(numbers)}
        if not numbers:
            yield seen(failed("volume-empty"), evidence)
        elif not given:
            yield seen(not_checked("not-numbered"), evidence)
        elif sorted(given) != list(range(1, len(numbers) + 1)):
            wanted = set(range(1, len(numbers) + 1))
            missing = sorted(wanted - set(given))[:20]
            finding = failed("numbers-not-continuous", items=len(numbers), given=len(set(given)))
            yield seen(finding, {**evidence, "missing": missing})
        else:
            yield seen(passed(), evidence)


class NumberOfItems:
    """GD-2-1: as many items are there as were registered."""

    code = "GD-2-1"
    nature = Nature.INTEGRITY
    version = "1"

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        yield _counted(volume.registered_items, len(volume.members), "items-differ")


class NumberOfBytes:
    """GD-2-2: as many bytes are in the store as were registered, of every item and altogether."""

    code = "GD-2-2"
    nature = Nature.INTEGRITY
    version = "1"

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        unknown = [member.id for member in volume.members if member.stored is None]
        if unknown:
            yield seen(not_checked("bytes-not-counted", items=len(unknown)), {"items": unknown[:20]})
            return
        differing = [member.id for member in volume.members if member.stored != member.size]
        stored = sum(member.stored or 0 for member in volume.members)
        registered = volume.registered_bytes
        if differing and registered is not None:
            finding = failed("bytes-differ", registered=registered, received=stored)
            yield seen(finding, {"registered": registered, "received": stored, "items": differing[:20]})
        else:
            yield _counted(registered, stored, "bytes-differ")


def _counted(registered: int | None, received: int, reason: str) -> Finding:
    """Two counts compared; a count that nobody registered cannot agree with anything."""
    evidence = {"registered": registered, "received": received}
    if registered is None:
        return seen(not_checked("nothing-registered"), evidence)
    if registered != received:
        return seen(failed(reason, registered=registered, received=received), evidence)
    return seen(passed(), evidence)


def _segments(volume: CheckedVolume, reference: str) -> Finding | None:
    try:
        parts = volume.numbers.parse(reference)
    except InvalidInput:
        return failed("reference-malformed", reference_code=reference)
    if "item" in parts:
        return failed("reference-malformed", reference_code=reference)
    for segment, value in volume.expected.items():
        if parts.get(segment, "") != value:
            return failed("reference-segment", reference_code=reference, segment=segment, expected=value)
    return None


def _members(volume: CheckedVolume, reference: str) -> Finding | None:
    for member in volume.members:
        if member.number is None or member.reference_code is None:
            return not_checked("not-numbered")
        if member.reference_code != _due(volume, reference, member):
            return failed("reference-malformed", reference_code=member.reference_code)
    return None


def _due(volume: CheckedVolume, reference: str, member: CheckedMember) -> str | None:
    try:
        return volume.numbers.item_code(reference, member.number or 0)
    except InvalidInput:
        return None
