"""Taking in: what has been received becomes a record once everything it needs is there.

A message whose parents or files have not come is held, never refused. Who joins a parent wakes, in the same
transaction, those that wait for it. The messages of one document are looked at by one job, in the order in which they
came; a kill at any moment leaves messages that the job, which comes again, finds as they were.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import structlog

from archive.errors import SourceFailed
from archive.messages import render
from archive.records.types import ComponentRole, Incoming
from ingest.connectors.options import Options
from ingest.connectors.port import DELETED, Arrival, Stated, Withdrawn
from ingest.push.envelope import read_envelope
from ingest.push.files import files_at
from ingest.push.kind import KIND
from ingest.push.repository import PushRepository
from ingest.push.service import PUSH, PushPorts
from ingest.push.telling import Told, parent_names, ranked
from ingest.push.types import FileReference, Judged, MessageState, Operation, Parent, Pushed
from ingest.push.validation import judge
from ingest.sources.repository import SourceRepository
from ingest.types import Summary

_PENDING = frozenset({MessageState.RECEIVED, MessageState.HELD})
_SIGNED = "_SIGN"

Parents = Sequence[tuple[Parent, Mapping[str, object]]]


class Joiner:
    """Takes pushed messages in, document by document."""

    def __init__(self, ports: PushPorts) -> None:
        self._ports = ports
        self._log = structlog.get_logger()

    def join(self, document: str) -> None:
        """Look at the messages of a document that are not done.

        Raises:
            SourceFailed: files that one of them refers to are not there yet (`push-file-missing`).
        """
        messages, missing = self._messages(document), 0
        pending = [one.id for one in messages if one.state in _PENDING]
        for turn, message_id in enumerate(pending):
            # What became of one may decide what becomes of the next.
            messages = self._messages(document) if turn else messages
            missing += self._join(next(one for one in messages if one.id == message_id), messages)
        if missing:
            # The queue tries again, more and more seldom, and keeps the job where it shows in the end.
            raise SourceFailed("push-file-missing", count=missing)

    def _messages(self, document: str) -> list[Pushed]:
        with self._ports.database.reading() as connection:
            return PushRepository(connection).of_document(document)

    def _join(self, pushed: Pushed, messages: Sequence[Pushed]) -> int:
        """Take one of a document's messages as far as it goes; how many files are missing."""
        if pushed.operation is Operation.DELETE:
            self._delete(pushed)
            return 0
        raw, judged = self._read(pushed)
        parents = self._parents(pushed, judged)
        if parents is None:
            return 0
        if _overtaken(pushed, messages):
            self._finish(pushed, MessageState.SUPERSEDED, render("push-overtaken", {}))
            return 0
        told = Told.of(judged, parents, self._ports.tables, self._ports.locale)
        stated = told.stated(pushed, again=_added_before(messages))
        with self._files(pushed, judged) as (files, missing):
            if missing:
                self._hold(pushed, f"file:{missing[0]}", render("push-waits-for-file", {"waiting_for": missing[0]}))
                return len(missing)
            arrival = Arrival(pushed.external_id, told.delivery(pushed, raw, files), stated=stated)
            if not self._take(pushed, arrival, told):
                return 1
        self._delete_again(pushed, messages)
        return 0

    def _read(self, pushed: Pushed) -> tuple[bytes, Judged]:
        with self._ports.blobs.open(pushed.sha256) as stream:
            raw = stream.read()
        return raw, judge(read_envelope(raw, pushed.shape), self._ports.tables, self._ports.locale.zone)

    def _take(self, pushed: Pushed, arrival: Arrival, told: Told) -> bool:
        """Take the document in; no where a file could not be read, which may go better another time."""
        summary = Summary()
        self._ports.taker.take(pushed.source, arrival, summary)
        if summary.refused and told.judged.files:
            self._hold(pushed, f"file:{told.judged.files[0].path}", summary.refused[0]["message"])
            return False
        if summary.refused:
            self._finish(pushed, MessageState.REFUSED, summary.refused[0]["message"])
        elif summary.superseded:
            self._finish(pushed, MessageState.SUPERSEDED, render("push-overtaken", {}))
        else:
            self._finish(pushed, MessageState.JOINED, "", told.facts)
        return True

    def _delete(self, pushed: Pushed) -> None:
        with self._ports.database.reading() as connection:
            seen = SourceRepository(connection).arrival(pushed.source, pushed.external_id)
        # Deleted before it came: without a moment, so that the document itself is not taken for an older state of it.
        here = seen is not None and seen.record_id is not None
        self._withdraw(pushed, Stated(pushed.data_no, revised=ranked(pushed, again=True) if here else None))

    def _withdraw(self, pushed: Pushed, stated: Stated) -> None:
        summary = Summary()
        arrival = Arrival(pushed.external_id, Withdrawn(DELETED), stated=stated)
        self._ports.taker.take(pushed.source, arrival, summary)
        if summary.superseded:
            self._finish(pushed, MessageState.SUPERSEDED, render("push-overtaken", {}))
        else:
            self._finish(pushed, MessageState.WITHDRAWN, "")

    def _delete_again(self, pushed: Pushed, messages: Sequence[Pushed]) -> None:
        """What had been deleted before it came, and has come by more than one message, stays deleted."""
        first = pushed.operation is Operation.ADD and not _added_before(messages)
        for deletion in messages:
            if deletion.state is MessageState.WITHDRAWN and _is_later(deletion, pushed, first=first):
                self._withdraw(deletion, Stated(deletion.data_no, revised=ranked(deletion, again=True)))

    def _parents(self, pushed: Pushed, judged: Judged) -> Parents | None:
        """What the parents tell, or None where one is missing: the message is held then."""
        named = parent_names(judged)
        if not named:
            return []
        names = [name for _, name in named]
        with self._ports.database.reading() as connection:
            found = PushRepository(connection).parents(pushed.source, names)
        if len(found) < len(set(names)):
            # Asked again where nobody else writes: a parent joined meanwhile has already woken whom it saw waiting.
            with self._ports.database.writing() as uow:
                repository = PushRepository(uow.connection)
                found = repository.parents(pushed.source, names)
                missing = next((name for name in names if name not in found), None)
                if missing is not None:
                    reason = render("push-waits-for-parent", {"waiting_for": missing})
                    repository.update(pushed.id, state=MessageState.HELD, waiting_for=missing, reason=reason)
                    return None
        return [(parent, found[name]) for parent, name in named]

    @contextmanager
    def _files(self, pushed: Pushed, judged: Judged) -> Iterator[tuple[list[Incoming], list[str]]]:
        """The attachments, to be read within the block, and the paths of those that are not there."""
        if not judged.files:
            yield [], []
            return
        with self._ports.database.reading() as connection:
            source = SourceRepository(connection).get(pushed.source)
        assert source is not None
        with files_at(Options(KIND, source), self._ports.secrets) as files:
            found = [(file, files.opener(file.path)) for file in judged.files]
            missing = [file.path for file, opener in found if opener is None]
            yield [_incoming(file, opener) for file, opener in found if opener is not None], missing

    def _hold(self, pushed: Pushed, waiting_for: str, reason: str) -> None:
        with self._ports.database.writing() as uow:
            values = {"state": MessageState.HELD, "waiting_for": waiting_for, "reason": reason}
            PushRepository(uow.connection).update(pushed.id, **values)

    def _finish(
        self, pushed: Pushed, state: MessageState, reason: str, facts: Mapping[str, object] | None = None
    ) -> None:
        with self._ports.database.writing() as uow:
            repository = PushRepository(uow.connection)
            repository.update(pushed.id, state=state, waiting_for="", reason=reason, facts=dict(facts or {}))
            if state is MessageState.JOINED and pushed.known_as:
                for document in repository.waiting(pushed.source, pushed.known_as):
                    self._ports.jobs.enqueue(uow, PUSH, document)
        self._log.info("push.done", source=pushed.source, data_no=pushed.data_no, state=state)


def _incoming(file: FileReference, opener: Callable[[], BinaryIO]) -> Incoming:
    signed = file.code.upper().endswith(_SIGNED)
    role = ComponentRole.SIGNED_TWIN if signed else ComponentRole.ATTACHMENT
    return Incoming(file.name, role, opener, code=file.code or None)


def _added_before(messages: Sequence[Pushed]) -> bool:
    return any(message.operation is Operation.ADD and message.state is MessageState.JOINED for message in messages)


def _overtaken(pushed: Pushed, messages: Sequence[Pushed]) -> bool:
    """Whether a message without a moment of its own is older than what has been joined; moments are intake's business.

    What came earlier and had to wait is older; so is the first adding of what has been changed already.
    """
    joined = [one for one in messages if one.state is MessageState.JOINED]
    if not joined or (pushed.stamp is not None and any(one.stamp is not None for one in joined)):
        return False
    first = pushed.operation is Operation.ADD and not _added_before(messages)
    return first or any(one.place > pushed.place for one in joined)


def _is_later(one: Pushed, other: Pushed, *, first: bool) -> bool:
    """Whether a deletion is later than another message; `first` says that this was the first adding."""
    if one.stamp is not None and other.stamp is not None and one.stamp != other.stamp:
        return one.stamp > other.stamp
    # At the same moment a first adding came before; else what was received first.
    return first or one.place > other.place
