"""Checks the ledger against itself and against what was published: rows, bytes, leaves, nodes, roots, signatures.

Reads everything in order once, in batches, in memory that grows with the logarithm of the ledger. It shares no code
with the integrator but the tree's arithmetic.
"""

from collections.abc import Iterator, Mapping

from archive.ledger.canonical import NotCanonical
from archive.ledger.checkpoint import NotACheckpoint, Verdict, examine, parse_note
from archive.ledger.entries import decode
from archive.ledger.merkle import Frontier, leaf_hash
from archive.ledger.repository import Connection, EntryRow, LedgerRepository
from archive.ledger.trust import Trust
from archive.ledger.types import Finding, Severity
from archive.messages import Language, render

CODES: Mapping[str, Severity] = {
    "ledger.index-gap": Severity.ERROR,
    "ledger.bytes-wrong": Severity.ERROR,
    "ledger.row-differs": Severity.ERROR,
    "ledger.leaf-wrong": Severity.ERROR,
    "ledger.node-wrong": Severity.ERROR,
    "ledger.node-missing": Severity.ERROR,
    "ledger.node-extra": Severity.ERROR,
    "ledger.checkpoint-unreadable": Severity.ERROR,
    "ledger.checkpoint-signature": Severity.ERROR,
    "ledger.checkpoint-root": Severity.ERROR,
    "ledger.checkpoint-beyond": Severity.ERROR,
}
_BATCH = 2048


def check_ledger(connection: Connection, trust: Trust, language: Language = "zh") -> list[Finding]:
    """Everything that is wrong with the ledger; an empty list says that all of it was read and holds together.

    `connection` should be one reading transaction, so that the ledger stands still meanwhile.
    """
    return list(_Check(connection, trust, language).run())


class _Check:
    def __init__(self, connection: Connection, trust: Trust, language: Language) -> None:
        self._repository = LedgerRepository(connection)
        self._trust = trust
        self._language = language
        self._frontier = Frontier()
        self._integrated = self._repository.integrated()
        self._roots: dict[int, bytes] = {}
        self._missing_nodes = 0

    def run(self) -> Iterator[Finding]:
        checkpoints = self._repository.checkpoints()
        sizes = {size for size, _ in checkpoints}
        yield from self._entries(sizes)
        expected = sum(self._integrated >> level for level in range(1, self._integrated.bit_length()))
        extra = self._repository.count_nodes() - (expected - self._missing_nodes)
        if self._frontier.size >= self._integrated and extra:
            yield self._finding("ledger.node-extra", "ledger_node", count=extra)
        for size, note in checkpoints:
            yield from self._checkpoint(size, note)

    def _entries(self, sizes: set[int]) -> Iterator[Finding]:
        start = 0
        while rows := self._repository.rows(start, _BATCH):
            stored = self._stored_nodes(start)
            for row in rows:
                if row.index != self._frontier.size:
                    # Nothing behind a gap has a place in the tree: its checkpoints are reported as unproven.
                    yield self._finding("ledger.index-gap", f"ledger_entry/{self._frontier.size}", found=row.index)
                    return
                if row.index in sizes:
                    self._roots[row.index] = self._frontier.root()
                yield from self._row(row)
                yield from self._nodes(row, stored)
            start += len(rows)
        self._roots[self._frontier.size] = self._frontier.root()
        if self._frontier.size < self._integrated:
            yield self._finding("ledger.index-gap", f"ledger_entry/{self._frontier.size}", found=self._integrated)

    def _stored_nodes(self, start: int) -> dict[tuple[int, int], bytes]:
        end = start + _BATCH
        return {
            (level, index): value
            for level in range(1, end.bit_length())
            for index, value in self._repository.nodes(level, start >> level, end >> level).items()
        }

    def _row(self, row: EntryRow) -> Iterator[Finding]:
        path = f"ledger_entry/{row.index}"
        if leaf_hash(row.data) != row.leaf_hash:
            yield self._finding("ledger.leaf-wrong", path)
        try:
            entry = decode(row.data)
        except NotCanonical:
            yield self._finding("ledger.bytes-wrong", path)
            return
        event = entry.event
        said = (entry.index, entry.at, event.type, event.actor, event.subject_kind, event.subject_id)
        if said != (row.index, row.at, row.type, row.actor, row.subject_kind, row.subject_id):
            yield self._finding("ledger.row-differs", path)

    def _nodes(self, row: EntryRow, stored: Mapping[tuple[int, int], bytes]) -> Iterator[Finding]:
        for level, index, value in self._frontier.add(leaf_hash(row.data)):
            if row.index >= self._integrated:
                continue
            path = f"ledger_node/{level}/{index}"
            found = stored.get((level, index))
            if found is None:
                self._missing_nodes += 1
                yield self._finding("ledger.node-missing", path)
            elif found != value:
                yield self._finding("ledger.node-wrong", path)

    def _checkpoint(self, size: int, note: bytes) -> Iterator[Finding]:
        path = f"ledger_checkpoint/{size}"
        try:
            signed = parse_note(note)
        except NotACheckpoint:
            yield self._finding("ledger.checkpoint-unreadable", path)
            return
        verdict = examine(signed, self._trust)
        if verdict is not Verdict.VALID:
            yield self._finding("ledger.checkpoint-signature", path, verdict=verdict.value)
        if size not in self._roots:
            yield self._finding("ledger.checkpoint-beyond", path, size=self._frontier.size)
        elif signed.checkpoint.size != size or signed.checkpoint.root != self._roots[size]:
            yield self._finding("ledger.checkpoint-root", path)

    def _finding(self, code: str, path: str, **params: object) -> Finding:
        return Finding(code, CODES[code], render(code, {"path": path, **params}, self._language), path)
