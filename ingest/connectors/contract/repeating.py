"""What a connector does over time: again, interrupted, with a memory, in want of its source, and within bounds."""

from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from ingest.connectors.contract.bench import Bench, Check
from ingest.connectors.contract.types import Noted, Outcome, Seen, failed, not_checked, passed
from ingest.connectors.port import Listed

MOST_MEMORY: Final = 64 << 20
"""Bytes that a reading may take, however large the files are."""

_NOBODY: Final = "127.0.0.1"
_NOBODY_PORT: Final = 1
_NOT_THERE: Final = ".not-there"
_SHOWN: Final = 3


def _again(bench: Bench) -> Seen:
    if (unread := _unread(bench)) is not None:
        return unread
    again = bench.read(bench.source)
    if again.trouble:
        return failed(again.trouble)
    before, after = _by_id(bench.first.notes), _by_id(again.notes)
    if bench.first.whole and again.whole and before.keys() != after.keys():
        return failed(f"other documents: {_few(before.keys() ^ after.keys())}")
    other = {key for key in before.keys() & after.keys() if before[key].content != after[key].content}
    return failed(f"other content: {_few(other)}") if other else passed(f"{len(after)} documents as before")


def _half_way(bench: Bench) -> Seen:
    if (unread := _unread(bench)) is not None:
        return unread
    half = bench.read(bench.source, most=max(1, len(bench.first.notes) // 2))
    if half.trouble:
        return failed(half.trouble)
    rest = bench.read(replace(bench.source, position=half.position))
    if rest.trouble:
        return failed(rest.trouble)
    lost = bench.first.ids - half.ids - rest.ids
    if lost:
        return failed(f"stopped after {len(half.notes)}, lost: {_few(lost)}")
    return passed(f"stopped after {len(half.notes)}; then {len(rest.notes)} came")


def _known(bench: Bench) -> Seen:
    if (unread := _unread(bench)) is not None:
        return unread
    before = _by_id(bench.first.notes)
    later = bench.read(replace(bench.source, position=bench.first.position), known=before)
    if later.trouble:
        return failed(later.trouble)
    other = {note.external_id for note in later.notes if not _is_as_before(note, before.get(note.external_id))}
    if other:
        return failed(f"nothing has changed, but these came anew: {_few(other)}")
    same = sum(note.outcome is Outcome.SAME for note in later.notes)
    return passed(f"{len(later.notes)} of {len(before)} looked at, {same} said to be the same")


def _is_as_before(note: Noted, before: Noted | None) -> bool:
    # What nobody knew may be new at the source.
    return before is None or note.outcome is Outcome.SAME or note.content == before.content


def _errors(bench: Bench) -> Seen:
    if bench.kind.open is None:
        return not_checked("others push to this connector: nothing is read")
    bench.guard.allow(_NOBODY)
    away = bench.read(replace(bench.source, location=_not_there(bench.source.location)))
    if away.crash:
        return failed(f"an error without a name: {away.crash}")
    if away.error is not None:
        return passed(f"{away.error.code}: {away.error.message('en')}")
    if away.notes:
        return not_checked("the location is not where it reads")
    return failed("a source that is not there is read as an empty one")


def _not_there(location: str) -> str:
    """A location of the same kind where nobody answers."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return location + _NOT_THERE
    if not parts.netloc:
        return location + _NOT_THERE
    return urlunsplit(parts._replace(netloc=f"{_NOBODY}:{_NOBODY_PORT}"))


def _inventory(bench: Bench) -> Seen:
    if (unread := _unread(bench)) is not None:
        return unread
    first = bench.first
    if first.inventory is None:
        return not_checked("the connector gives no inventory" if first.whole else "the source was not read to its end")
    listed = {entry.external_id: entry for entry in first.inventory}
    delivered = _by_id(first.delivered)
    if missing := delivered.keys() - listed.keys():
        return failed(f"handed over, but not in the inventory: {_few(missing)}")
    if more := listed.keys() - first.ids:
        return failed(f"in the inventory, but not handed over: {_few(more)}")
    other = {key for key, note in delivered.items() if _disagree(note, listed[key])}
    return failed(f"stated otherwise: {_few(other)}") if other else passed(f"{len(listed)} documents")


def _disagree(note: Noted, listed: Listed) -> bool:
    ours, theirs = note.stated, listed.stated
    pairs = ((ours.size, theirs.size), (ours.digest or None, theirs.digest or None), (ours.day, theirs.day))
    return any(one is not None and other is not None and one != other for one, other in pairs)


def _memory(bench: Bench) -> Seen:
    if (unread := _unread(bench)) is not None:
        return unread
    largest = max((file.size for note in bench.first.notes for file in note.files), default=0)
    evidence = f"{bench.peak >> 10} KiB at most, the largest file has {largest} bytes"
    if bench.peak > MOST_MEMORY:
        return failed(f"{evidence}; {MOST_MEMORY >> 20} MiB were expected to be enough")
    if largest <= MOST_MEMORY:
        return not_checked(f"{evidence}; only a file of more than {MOST_MEMORY >> 20} MiB would show it")
    return passed(evidence)


def _hosts(bench: Bench) -> Seen:
    if (unread := _unread(bench)) is not None:
        return unread
    if bench.guard.elsewhere:
        return failed(f"refused: {_few(bench.guard.elsewhere)}")
    reached = _few(bench.guard.reached) or "nothing was connected to"
    return passed(f"{reached} (what libraries connect to without Python's sockets is not seen)")


def _unread(bench: Bench) -> Seen | None:
    if bench.kind.open is None:
        return not_checked("others push to this connector: nothing is read")
    return None if bench.first.notes else not_checked(f"nothing was handed over. {bench.first.trouble}".strip())


def _by_id(notes: list[Noted]) -> dict[str, Noted]:
    return {note.external_id: note for note in notes}


def _few(names: object) -> str:
    shown = sorted(str(name)[:80] for name in names) if isinstance(names, set | frozenset) else []
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


REPEATING: Final = (
    Check("contract-again", _again),
    Check("contract-half-way", _half_way),
    Check("contract-known", _known),
    Check("contract-errors", _errors),
    Check("contract-inventory", _inventory),
    Check("contract-memory", _memory),
    Check("contract-hosts", _hosts),
)
"""The checks of several readings; that of the hosts comes last, for it looks at all of them."""
