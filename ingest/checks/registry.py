"""Every check of every phase by its subject: the numbers of DA/T 70-2018 joined to the classes that answer them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, overload

from ingest.checks.answers import Awaiting, CarrierAwaiting
from ingest.checks.authenticity import Consistency
from ingest.checks.integrity import AttachmentsPresent, ContentPresent, ElementsPresent, RequiredValues
from ingest.checks.items import Item, Way, items_of
from ingest.checks.kept import AsRegistered, LinkedContent, StillFixed
from ingest.checks.package import CountedPackage, PackageRules, SurplusFiles
from ingest.checks.subjects import CheckedPackage, CheckedSystem, CheckedVolume
from ingest.checks.system import DatabaseReachable, EnvironmentRecorded, RestoreDrilled, ScannerPresent
from ingest.checks.types import Check, Checked, CheckOf, Finding, Nature, Phase, SubjectKind
from ingest.checks.volume_contents import EveryItem, FilingScope, ProcessHistory
from ingest.checks.volume_kept import Amounts, Catalogued, SampleOpened, Sealed, Together
from ingest.checks.volume_numbers import NumberOfBytes, NumberOfItems, ReferenceCodes, RunningNumbers

_PREFIXES = {Phase.FILING: "GD-", Phase.TRANSFER: "YJ-", Phase.KEEPING: "CQ-"}
_VolumeCheck = CheckOf[CheckedVolume]


@dataclass(frozen=True)
class Means:
    """What checks are made with. `filing` are those of items at filing, as `build_checks` gives them.

    `no_rule` is what stands among the declared gaps of a volume for whose kind the plan has no rule.
    """

    filing: tuple[Check, ...]
    no_rule: str


class Renumbered:
    """A check under the number that it has in another phase."""

    def __init__(self, check: Check, code: str) -> None:
        self.code = code
        self.nature: Nature = check.nature
        self.version = check.version
        self._check = check

    def run(self, item: Checked, /) -> Sequence[Finding]:
        return list(self._check.run(item))


class RenumberedVolume:
    """The same for a check of volumes."""

    def __init__(self, check: _VolumeCheck, code: str) -> None:
        self.code = code
        self.nature: Nature = check.nature
        self.version = check.version
        self._check = check

    def run(self, volume: CheckedVolume, /) -> Sequence[Finding]:
        return list(self._check.run(volume))


@overload
def checks_of(phase: Phase, subject: Literal[SubjectKind.ITEM], means: Means) -> tuple[Check, ...]: ...
@overload
def checks_of(phase: Phase, subject: Literal[SubjectKind.VOLUME], means: Means) -> tuple[_VolumeCheck, ...]: ...
@overload
def checks_of(
    phase: Phase, subject: Literal[SubjectKind.PACKAGE], means: Means
) -> tuple[CheckOf[CheckedPackage], ...]: ...
@overload
def checks_of(
    phase: Phase, subject: Literal[SubjectKind.SYSTEM], means: Means
) -> tuple[CheckOf[CheckedSystem], ...]: ...
def checks_of(phase: Phase, subject: SubjectKind, means: Means) -> Sequence[object]:
    """The checks of one phase for one kind of subject, in the order of their numbers."""
    if subject is SubjectKind.ITEM:
        return _of_items(phase, means)
    if subject is SubjectKind.VOLUME:
        return _of_volumes(phase, means)
    if subject is SubjectKind.PACKAGE:
        return tuple(_of_package(item) for item in items_of(phase, SubjectKind.PACKAGE))
    return tuple(_of_system(item) for item in items_of(phase, SubjectKind.SYSTEM))


def _of_items(phase: Phase, means: Means) -> tuple[Check, ...]:
    if phase is Phase.FILING:
        return means.filing
    # Our own numbers (JZ-4-2) begin anew, and must not stand in for those of the standard (GD-4-2).
    standard = (check for check in means.filing if check.code.startswith(_PREFIXES[Phase.FILING]))
    filing = {check.code.partition("-")[2]: check for check in standard}
    known = {_number(item): item for item in items_of(phase, SubjectKind.ITEM)}
    return tuple(Renumbered(filing[number], item.code) for number, item in known.items() if number in filing)


def _of_volumes(phase: Phase, means: Means) -> tuple[_VolumeCheck, ...]:
    if phase is Phase.KEEPING:
        return _kept(means)
    own: tuple[_VolumeCheck, ...] = (
        ReferenceCodes(),
        NumberOfItems(),
        NumberOfBytes(),
        ProcessHistory(),
        RunningNumbers(),
        FilingScope(means.no_rule),
    )
    if phase is Phase.FILING:
        # The items of a volume were looked into one by one when they came in; those results stand beside it.
        return own
    numbered = [RenumberedVolume(check, _PREFIXES[phase] + check.code.partition("-")[2]) for check in own]
    every = [EveryItem(check) for check in _of_items(phase, means)]
    order = [item.code for item in (*items_of(phase, SubjectKind.ITEM), *items_of(phase, SubjectKind.VOLUME))]
    return tuple(sorted([*numbered, *every], key=lambda check: order.index(check.code)))


def _kept(means: Means) -> tuple[_VolumeCheck, ...]:
    filing = {check.code: check for check in means.filing}

    def again(code: str, number: str) -> tuple[_VolumeCheck, ...]:
        # A check that was taken out of the filing phase is missing here as well, and the gate finds that out.
        return (EveryItem(Renumbered(filing[number], code)),) if number in filing else ()

    metadata = Together("CQ-2-2", Nature.INTEGRITY, (ElementsPresent(), RequiredValues()))
    content = Together("CQ-2-3", Nature.INTEGRITY, (ContentPresent(), AttachmentsPresent(), LinkedContent()))
    readable = filing.get("GD-3-4")
    return (
        EveryItem(StillFixed()),
        EveryItem(AsRegistered()),
        EveryItem(Renumbered(Consistency(), "CQ-1-3")),
        EveryItem(Renumbered(LinkedContent(), "CQ-1-4")),
        Sealed("CQ-1-5", Nature.AUTHENTICITY, with_content=False),
        Amounts((NumberOfItems(), NumberOfBytes())),
        EveryItem(metadata),
        EveryItem(content),
        Sealed("CQ-2-4", Nature.INTEGRITY, with_content=True),
        Catalogued(),
        *((SampleOpened(readable),) if readable is not None else ()),
        *again("CQ-3-3", "GD-3-3"),
        *again("CQ-4-1", "GD-4-2"),
    )


def _of_package(item: Item) -> CheckOf[CheckedPackage]:
    if item.way is not Way.AUTOMATIC:
        return CarrierAwaiting(item)
    made = _PACKAGE.get(_number(item))
    return made(item) if made is not None else PackageRules(item)


def _of_system(item: Item) -> CheckOf[CheckedSystem]:
    made = _SYSTEM.get(item.code) or _SYSTEM.get(_number(item))
    return made(item) if made is not None else Awaiting(item)


def _number(item: Item) -> str:
    return item.code.partition("-")[2]


_PACKAGE: dict[str, Callable[[Item], CheckOf[CheckedPackage]]] = {
    "2-1": lambda item: CountedPackage(item, of_bytes=False),
    "2-2": lambda item: CountedPackage(item, of_bytes=True),
    "4-3": SurplusFiles,
}
_SYSTEM: dict[str, Callable[[Item], CheckOf[CheckedSystem]]] = {
    "3-2": DatabaseReachable,
    "3-6": EnvironmentRecorded,
    "4-1": ScannerPresent,
    "CQ-3-4": EnvironmentRecorded,
    "CQ-3-5": RestoreDrilled,
}
