"""What is done in each column of the table, and what must come of it. Each cell answers with its counts, in words."""

from collections.abc import Callable, Mapping
from typing import Final

from archive.errors import ArchiveError
from archive.records.types import RecordState
from ingest.types import ArrivalStatus, Summary
from tests.intake.stand import SOURCE, Counts, Happening, Stand, Trouble
from tests.small_archive import SmallArchive, adds_up

NAMES: Final = ("n1", "n2", "n3", "n4", "n5")
SEEDS: Final = (1, 2, 3)
_MOST_TRIES = 6


def first_load(stand: Stand, archive: SmallArchive) -> str:
    return _loaded(stand, archive)


def repeat(stand: Stand, archive: SmallArchive) -> str:
    _loaded(stand, archive)
    before = len(archive.entries())
    said = [_expect(stand, Happening.REPEAT, archive, Counts()) for _ in range(2)]
    assert len(archive.entries()) == before
    _whole(archive)
    return said[-1]


def changed(stand: Stand, archive: SmallArchive) -> str:
    _loaded(stand, archive)
    stand.change("n2", "另一正文。")
    said = _expect(stand, Happening.CHANGED, archive, Counts(new_versions=1))
    assert archive.record("n2").version == 2
    _expect(stand, Happening.REPEAT, archive, Counts())
    return said


def renamed(stand: Stand, archive: SmallArchive) -> str:
    _loaded(stand, archive)
    stand.rename("n3", "另一名称公告")
    said = _expect(stand, Happening.RENAMED, archive, Counts(renamed=1))
    _expect(stand, Happening.REPEAT, archive, Counts())
    return said


def withdrawn(stand: Stand, archive: SmallArchive) -> str:
    _loaded(stand, archive)
    stand.withdraw("n4")
    said = _expect(stand, Happening.WITHDRAWN, archive, Counts(withdrawn=1))
    if Happening.WITHDRAWN not in stand.unlike:
        assert archive.record("n4").state is RecordState.WITHDRAWN
    _expect(stand, Happening.REPEAT, archive, Counts())
    assert set(archive.states()) == set(NAMES)
    return said


def gone(stand: Stand, archive: SmallArchive) -> str:
    _loaded(stand, archive)
    stand.vanish("n5")
    said = _expect(stand, Happening.GONE, archive, Counts(gone=1))
    assert archive.record("n5").state is not RecordState.WITHDRAWN
    if Happening.GONE not in stand.unlike:
        seen = archive.arrival("n5", SOURCE)
        assert seen is not None
        assert seen.status is ArrivalStatus.GONE
    _expect(stand, Happening.REPEAT, archive, Counts())
    return said


def interrupted(stand: Stand, archive: SmallArchive, seed: int = 1) -> str:
    return _through(stand, archive, Trouble.CUT, seed)[1]


def down(stand: Stand, archive: SmallArchive) -> str:
    failed, said = _through(stand, archive, Trouble.DOWN, 0)
    assert failed > 0
    return said


def slow(stand: Stand, archive: SmallArchive) -> str:
    return _through(stand, archive, Trouble.SLOW, 0)[1]


def dirty(stand: Stand, archive: SmallArchive) -> str:
    stand.register(archive)
    for name in NAMES:
        stand.publish(name, f"{name}的正文。")
    dirt = dict(stand.dirty())
    assert dirt
    refused = {name: code for name, code in dirt.items() if code}
    for _ in range(2):
        summary = _deliver(stand, archive)
        assert {entry["id"]: entry["code"] for entry in summary.refused} == refused
    assert set(archive.records()) == {*NAMES, *(dirt.keys() - refused.keys())}
    return f"captured {len(archive.records())}, refused {len(refused)}"


CELLS: Final[Mapping[Happening, Callable[[Stand, SmallArchive], str]]] = {
    Happening.FIRST: first_load,
    Happening.REPEAT: repeat,
    Happening.CHANGED: changed,
    Happening.RENAMED: renamed,
    Happening.WITHDRAWN: withdrawn,
    Happening.GONE: gone,
    Happening.INTERRUPTED: interrupted,
    Happening.DOWN: down,
    Happening.SLOW: slow,
    Happening.DIRTY: dirty,
}


def _loaded(stand: Stand, archive: SmallArchive) -> str:
    """Take everything in once."""
    stand.register(archive)
    for name in NAMES:
        stand.publish(name, f"{name}的正文。")
    first = _deliver(stand, archive)
    assert (first.captured, first.refused) == (len(NAMES), [])
    _whole(archive)
    return _said(first)


def _deliver(stand: Stand, archive: SmallArchive) -> Summary:
    summary = stand.deliver(archive)
    assert adds_up(summary)
    return summary


def _expect(stand: Stand, happening: Happening, archive: SmallArchive, usual: Counts) -> str:
    summary = _deliver(stand, archive)
    wanted = stand.unlike.get(happening, (usual, ""))[0]
    found = Counts(
        summary.captured,
        summary.new_versions,
        summary.renamed,
        summary.withdrawn,
        summary.gone,
        {refused["id"]: refused["code"] for refused in summary.refused} or None,
    )
    assert found == wanted
    return _said(summary)


def _whole(archive: SmallArchive) -> None:
    """Every document there once, in its first version, and nothing else."""
    records = archive.records()
    assert {name: record.version for name, record in records.items()} == dict.fromkeys(NAMES, 1)


def _through(stand: Stand, archive: SmallArchive, trouble: Trouble, seed: int) -> tuple[int, str]:
    """Take everything in through trouble; how many deliveries said that they failed. In the end nothing is missing."""
    stand.register(archive)
    for name in NAMES:
        stand.publish(name, f"{name}的正文。" * 200)
    failed = 0
    with stand.trouble(trouble, seed):
        failed += _try(stand, archive)
    after = 0
    for _ in range(_MOST_TRIES):
        after += 1
        if not _try(stand, archive):
            break
    _whole(archive)
    return failed, f"failed {failed}, then captured {len(archive.records())} after {after}"


def _try(stand: Stand, archive: SmallArchive) -> bool:
    """Deliver once; whether anything of it failed."""
    try:
        return bool(_deliver(stand, archive).refused)
    except ArchiveError as error:
        if not error.retryable:
            raise
        return True


def _said(summary: Summary) -> str:
    parts = {name: value for name, value in summary.as_json().items() if name not in {"received", "refused"} and value}
    said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in parts.items())
    return said or f"received {summary.received}, nothing new"
