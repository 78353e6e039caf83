"""Receiving: a message is judged, durable, and only then acknowledged; what becomes of it is `joining`'s business."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from archive.blobs.port import BlobStore
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import ArchiveError, InvalidInput, NotFound
from archive.jobs.port import JobQueue
from ingest.connectors.locale import Locale
from ingest.connectors.options import Options
from ingest.connectors.port import Arrival, Refused, Stated
from ingest.connectors.secrets import Secrets
from ingest.push.envelope import read_envelope
from ingest.push.formats import read_stamp
from ingest.push.kind import KIND
from ingest.push.repository import PushRepository
from ingest.push.tables import Tables
from ingest.push.telling import known_as
from ingest.push.types import GENERAL, Answer, Constraint, Judged, MessageState, Operation, Problem, Pushed, Shape
from ingest.push.validation import judge, natural_key
from ingest.sources.repository import SourceRepository
from ingest.taking import Taker
from ingest.types import Source, Summary

PUSH: Final = "push"
"""The job that looks at the messages of one document."""

_MOST_SENTENCES: Final = 10
_SHORT_DIGEST: Final = 16
_SEEN_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class PushPorts:
    """What receiving and joining need."""

    database: Database
    blobs: BlobStore
    jobs: JobQueue
    taker: Taker
    clock: Clock
    locale: Locale
    tables: Tables
    secrets: Secrets


class PushService:
    """Receives messages of senders that have been admitted."""

    def __init__(self, ports: PushPorts) -> None:
        self._ports = ports
        self._log = structlog.get_logger()

    def receive(self, source: Source, raw: bytes, shape: Shape, sent_at: datetime | None = None) -> Answer:
        """Judge a message and make it durable; what it is to be answered with.

        Raises:
            Unavailable: it could not be made durable; the sender is to send it again.
        """
        digest = sha256(raw).hexdigest()
        try:
            judged = judge(read_envelope(raw, shape), self._ports.tables, self._ports.locale.zone)
        except InvalidInput as error:
            return self._unreadable(source, raw, digest, error)
        pushed = self._pushed(source, judged, digest, shape, sent_at)
        problems = (*judged.problems, *self._of_the_source(source, judged, pushed))
        if any(problem.refuses for problem in problems):
            return self._refuse(source, pushed, problems, raw)
        return self._keep(source, pushed, problems, raw)

    def messages(self, source: Source, data_key: str) -> list[Pushed]:
        """What became of the messages with this key, in the order in which they came.

        Raises:
            NotFound: there are none.
        """
        with self._ports.database.reading() as connection:
            found = PushRepository(connection).of_key(source.name, data_key)
        if not found:
            raise NotFound("push-message-unknown", source=source.name, data_key=data_key)
        return found

    def _pushed(self, source: Source, judged: Judged, digest: str, shape: Shape, sent_at: datetime | None) -> Pushed:
        number, key = judged.data_set.number, judged.key
        alone = Options(KIND, source).flag("key_alone")
        external_id = key if alone else f"{number}:{key}"
        stamps = (judged.values.get(name, "") for name in self._ports.tables.roles["revised"])
        return Pushed(
            id=_digest(source.name, number, key, judged.operation, digest),
            source=source.name,
            data_no=number,
            data_key=key,
            external_id=external_id,
            document=_digest(source.name, external_id),
            place=0,
            operation=judged.operation,
            shape=shape,
            natural_key=natural_key(judged.data_set, judged.values),
            sha256=digest,
            state=MessageState.RECEIVED,
            received_at=self._ports.clock.now(),
            sent_at=sent_at,
            stamp=next((read_stamp(stamp, self._ports.locale.zone) for stamp in stamps if stamp), None),
            known_as=known_as(judged),
            waiting_for="",
            reason="",
            facts={},
        )

    def _of_the_source(self, source: Source, judged: Judged, pushed: Pushed) -> list[Problem]:
        """What is wrong with a message because of whom it comes from."""
        problems = []
        if judged.files and not Options(KIND, source).text("files"):
            problems.append(Problem("FILECONTEXT", "附件", Constraint.FILE, "push-files-nowhere"))
        if pushed.external_id == pushed.data_key and pushed.data_key:
            with self._ports.database.reading() as connection:
                problems += _taken(pushed, PushRepository(connection).of_document(pushed.document))
        return problems

    def _keep(self, source: Source, pushed: Pushed, problems: Sequence[Problem], raw: bytes) -> Answer:
        ports = self._ports
        # Bytes first: what the row refers to is there whenever the row is.
        ports.blobs.put(io.BytesIO(raw))
        with ports.database.writing() as uow:
            repository = PushRepository(uow.connection)
            earlier = repository.of_document(pushed.document)
            known = _known(pushed, earlier)
            if known is not None:
                return Answer(known.state, pushed.data_no, pushed.data_key, tuple(problems), again=True)
            # Once more where nobody else writes: another data set may have come under this key meanwhile.
            taken = _taken(pushed, earlier)
            if not taken:
                pushed = _placed(pushed, earlier)
                repository.put(pushed)
                ports.jobs.enqueue(uow, PUSH, pushed.document)
                self._seen(uow, source)
        if taken:
            return self._refuse(source, pushed, [*problems, *taken], raw)
        self._log.info("push.received", source=source.name, data_no=pushed.data_no, message=pushed.id[:_SHORT_DIGEST])
        return Answer(MessageState.RECEIVED, pushed.data_no, pushed.data_key, tuple(problems))

    def _seen(self, uow: UnitOfWork, source: Source) -> None:
        """Remember that the source delivers; not with every message."""
        now = self._ports.clock.now()
        if source.last_success is None or now - source.last_success >= _SEEN_EVERY:
            SourceRepository(uow.connection).update(source.name, last_success=now)

    def _refuse(self, source: Source, pushed: Pushed, problems: Sequence[Problem], raw: bytes) -> Answer:
        answer = Answer(MessageState.REFUSED, pushed.data_no, pushed.data_key, tuple(problems))
        sentences = answer.sentences()
        told = "".join(sentences[:_MOST_SENTENCES])
        params = {"data_no": pushed.data_no, "count": len(sentences), "sentences": told}
        refused = Refused("push-refused", params, raw)
        self._remember_refused(source, pushed.external_id if pushed.data_key else _nameless(pushed.sha256), refused)
        if pushed.data_key:
            with self._ports.database.writing() as uow:
                repository = PushRepository(uow.connection)
                earlier = repository.of_document(pushed.document)
                if not any(one.id == pushed.id and one.state is not MessageState.REFUSED for one in earlier):
                    row = replace(_placed(pushed, earlier), state=MessageState.REFUSED, reason=told, known_as="")
                    repository.put(row)
        return answer

    def _unreadable(self, source: Source, raw: bytes, digest: str, error: ArchiveError) -> Answer:
        self._remember_refused(source, _nameless(digest), Refused(error.code, error.params, raw))
        field = "DATA_NO" if error.code == "push-data-set-unknown" else GENERAL
        constraint = Constraint.KEY if field else Constraint.FORM
        return Answer(MessageState.REFUSED, "", "", (Problem(field, "", constraint, error.code, error.params),))

    def _remember_refused(self, source: Source, external_id: str, refused: Refused) -> None:
        """Among the refused documents. What is known of a captured one, its moment above all, stays known."""
        with self._ports.database.reading() as connection:
            seen = SourceRepository(connection).arrival(source.name, external_id)
        stated = Stated(seen.data_set, seen.day, seen.revised, seen.size, seen.digest) if seen else Stated()
        self._ports.taker.take(source.name, Arrival(external_id, refused, stated=stated), Summary())


def _known(pushed: Pushed, earlier: Sequence[Pushed]) -> Pushed | None:
    """The very same message, received before; None where there is none, or where saying it again says something.

    A deletion after an adding, and an adding after a deletion, mean what they say, even where they have been said word
    for word before. Those that are older by their moments come to nothing when they are taken in.
    """
    said = [one for one in earlier if one.state not in {MessageState.REFUSED, MessageState.SUPERSEDED}]
    what = (pushed.data_no, pushed.operation, pushed.sha256)
    same = [one for one in earlier if (one.data_no, one.operation, one.sha256) == what]
    known = next((one for one in reversed(same) if one.state is not MessageState.REFUSED), None)
    if known is None:
        return None
    deletes = known.operation is Operation.DELETE
    opposite = any(one.place > known.place and (one.operation is Operation.DELETE) is not deletes for one in said)
    return None if opposite else known


def _placed(pushed: Pushed, earlier: Sequence[Pushed]) -> Pushed:
    """A message behind all that came earlier; one that was refused comes anew, one that was not has its own row."""
    place = max((one.place for one in earlier), default=0) + 1
    kept = any(one.id == pushed.id and one.state is not MessageState.REFUSED for one in earlier)
    return replace(pushed, place=place, id=_digest(pushed.id, str(place)) if kept else pushed.id)


def _taken(pushed: Pushed, earlier: Sequence[Pushed]) -> list[Problem]:
    """What is wrong with a key that stands alone and is another data set's already."""
    others = [one.data_no for one in earlier if one.state is not MessageState.REFUSED]
    other = next((number for number in others if number != pushed.data_no), None)
    if other is None:
        return []
    return [Problem("DATA_KEY", "数据主键", Constraint.KEY, "push-key-taken", {"other": other})]


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _nameless(digest: str) -> str:
    """The id of a message that does not say which it is."""
    return f"message-{digest[:_SHORT_DIGEST]}"
