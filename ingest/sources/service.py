"""The register of sources: who delivers what, by which connector, how often; tried out before it goes live."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from archive.authorization import SYSTEM_ACTOR, Actor
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import Conflict, InvalidInput, NotFound
from archive.jobs.port import JobQueue
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from ingest.connectors.options import require_options
from ingest.connectors.registry import Registry
from ingest.sources.repository import SourceRepository
from ingest.types import Source
from ingest.waking import wake_source

IMPORTED: Final = "import:"
"""The location of a source that people deliver file by file."""

_LONGEST_NAME: Final = 64
_FEWEST_MINUTES, _MOST_MINUTES = 1, 44_640


class SourceService:
    """Registers sources, changes them, and asks for them to be read.

    Permission is the caller's business. Every change of what a source is told goes into the ledger by its digest.
    """

    def __init__(
        self,
        database: Database,
        ledger: LedgerPort,
        jobs: JobQueue,
        clock: Clock,
        registry: Registry,
        usual: timedelta,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._jobs = jobs
        self._clock = clock
        self._registry = registry
        self._usual = usual

    def register(
        self,
        name: str,
        connector: str,
        location: str,
        options: Mapping[str, object] | None = None,
        *,
        region: str | None = None,
        minutes: int | None = None,
        actor: Actor = SYSTEM_ACTOR,
    ) -> Source:
        """Register a source, or find it registered.

        Raises:
            Conflict: the name stands for another source already.
            InvalidInput: the name, the location, an option or the number of minutes cannot be used.
        """
        wanted = Source(
            name, connector, location, {}, self._clock.now(), options=options or {}, region=region, minutes=minutes
        )
        with self._database.writing() as uow:
            return self._register(uow, wanted, actor)

    def _register(self, uow: UnitOfWork, wanted: Source, actor: Actor) -> Source:
        repository = SourceRepository(uow.connection)
        found = repository.get(wanted.name)
        if found is not None:
            if (found.connector, found.location) != (wanted.connector, wanted.location):
                raise Conflict("source-differs", source=wanted.name, connector=found.connector)
            return found
        self._require_usable(wanted)
        repository.add(wanted)
        body: dict[str, JSON] = {"connector": wanted.connector}
        if wanted.options:
            body["options"] = digest_of(wanted.options)
        self._ledger.append(uow, Event(EventType.SOURCE_REGISTERED, actor.id, "source", wanted.name, body))
        return wanted

    def _require_usable(self, wanted: Source) -> None:
        if not wanted.name.strip() or len(wanted.name) > _LONGEST_NAME:
            raise InvalidInput("source-name", longest=_LONGEST_NAME)
        if wanted.minutes is not None and not _FEWEST_MINUTES <= wanted.minutes <= _MOST_MINUTES:
            raise InvalidInput("source-minutes", least=_FEWEST_MINUTES, most=_MOST_MINUTES)
        require_location(wanted.location)
        require_options(self._registry.kind(wanted.connector), wanted.options)

    def all(self) -> list[Source]:
        """Every registered source by name."""
        with self._database.reading() as connection:
            return SourceRepository(connection).all()

    def get(self, name: str) -> Source:
        """One registered source.

        Raises:
            NotFound: there is none of this name.
        """
        with self._database.reading() as connection:
            return _existing(SourceRepository(connection), name)

    def draft(self, name: str, options: Mapping[str, object]) -> Source:
        """Keep other options for a source beside those in force, to be previewed.

        Raises:
            NotFound: there is no such source.
            InvalidInput: an option cannot be used.
        """
        return self._keep_draft(name, lambda _: options)

    def change(self, name: str, options: Mapping[str, object], without: Sequence[str] = ()) -> Source:
        """Draft some options anew and leave out others; what is not named stays as it is in the draft, or in force.

        Raises:
            NotFound: there is no such source.
            InvalidInput: an option cannot be used, or one to be left out is not there (`source-option-not-set`).
        """
        return self._keep_draft(name, lambda source: _changed(source, options, without))

    def _keep_draft(self, name: str, changed: Callable[[Source], Mapping[str, object]]) -> Source:
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            source = _existing(repository, name)
            options = dict(changed(source))
            require_options(self._registry.kind(source.connector), options)
            repository.update(name, draft=options, previewed=None)
            return replace(source, draft=options, previewed=None)

    def discard(self, name: str) -> None:
        """Forget the draft of a source.

        Raises:
            NotFound: there is no such source.
        """
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            _existing(repository, name)
            repository.update(name, draft=None, previewed=None)

    def previewed(self, name: str, options: Mapping[str, object]) -> None:
        """Remember that somebody has looked at what documents become under these options."""
        with self._database.writing() as uow:
            SourceRepository(uow.connection).update(name, previewed=digest_of(options))

    def apply(self, name: str, actor: Actor = SYSTEM_ACTOR) -> Source:
        """Put the draft into force.

        Raises:
            NotFound: there is no such source.
            Conflict: there is no draft (`source-without-draft`), or it has not been previewed as it is now
                (`source-not-previewed`).
        """
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            source = _existing(repository, name)
            if source.draft is None:
                raise Conflict("source-without-draft", source=name)
            digest = digest_of(source.draft)
            if source.previewed != digest:
                raise Conflict("source-not-previewed", source=name)
            repository.update(name, options=dict(source.draft), draft=None, previewed=None)
            body: dict[str, JSON] = {"options": digest, "before": digest_of(source.options)}
            self._ledger.append(uow, Event(EventType.SOURCE_CHANGED, actor.id, "source", name, body))
            return replace(source, options=source.draft, draft=None, previewed=None)

    def schedule(self, name: str, minutes: int | None) -> None:
        """Say how many minutes lie between two readings; None leaves it to the settings.

        Raises:
            NotFound: there is no such source.
            InvalidInput: the number is out of range.
        """
        if minutes is not None and not _FEWEST_MINUTES <= minutes <= _MOST_MINUTES:
            raise InvalidInput("source-minutes", least=_FEWEST_MINUTES, most=_MOST_MINUTES)
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            _existing(repository, name)
            repository.update(name, minutes=minutes)

    def pause(self, name: str, actor: Actor = SYSTEM_ACTOR) -> None:
        """Do not read a source until it is resumed; what others push to it is refused for so long.

        Raises:
            NotFound: there is no such source.
        """
        self._halt(name, actor, paused=True)

    def resume(self, name: str, actor: Actor = SYSTEM_ACTOR) -> None:
        """Read a paused source again, at once.

        Raises:
            NotFound: there is no such source.
        """
        self._halt(name, actor, paused=False)

    def _halt(self, name: str, actor: Actor, *, paused: bool) -> None:
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            source = _existing(repository, name)
            if (source.paused_at is not None) is paused:
                return
            repository.update(name, paused_at=self._clock.now() if paused else None)
            kind = EventType.SOURCE_PAUSED if paused else EventType.SOURCE_RESUMED
            self._ledger.append(uow, Event(kind, actor.id, "source", name, {}))
            if not paused and self._is_read(source):
                wake_source(uow, self._jobs, name)

    def request(self, sources: Sequence[tuple[str, str, str]]) -> None:
        """Register sources (name, connector, location) and ask for them to be read, durably and all together.

        Raises:
            Conflict: a name stands for another source already; nothing is asked for then.
            InvalidInput: one of them cannot be used; nothing is asked for then.
        """
        with self._database.writing() as uow:
            for name, connector, location in sources:
                wanted = Source(name, connector, location, {}, self._clock.now())
                self._register(uow, wanted, SYSTEM_ACTOR)
                wake_source(uow, self._jobs, name)

    def request_due(self) -> int:
        """Ask for every source to be read whose time has come; how many."""
        now = self._clock.now()
        with self._database.reading() as connection:
            planned = {source.name: self.next_reading(source) for source in SourceRepository(connection).all()}
        due = [name for name, moment in planned.items() if moment is not None and moment <= now]
        if due:
            with self._database.writing() as uow:
                for name in due:
                    # Said here and not when the reading begins: it may have to wait long for its turn.
                    SourceRepository(uow.connection).update(name, last_read=now)
                    wake_source(uow, self._jobs, name)
        return len(due)

    def ask(self, name: str) -> None:
        """Ask for a source to be read as soon as its turn comes, whatever its schedule says.

        Raises:
            NotFound: there is no such source.
            Conflict: it is paused, or people deliver it (`source-is-imported`) or others push it.
        """
        with self._database.writing() as uow:
            source = _existing(SourceRepository(uow.connection), name)
            if source.paused_at is not None:
                raise Conflict("source-paused", source=name)
            if source.location == IMPORTED:
                raise Conflict("source-is-imported", source=name)
            if self._registry.kind(source.connector).open is None:
                raise Conflict("source-is-pushed", source=name, connector=source.connector)
            wake_source(uow, self._jobs, name)

    def pause_between(self, source: Source) -> timedelta:
        """How much time lies between two readings of a source."""
        return self._usual if source.minutes is None else timedelta(minutes=source.minutes)

    def next_reading(self, source: Source) -> datetime | None:
        """When a source is to be read again; None where nobody plans to: paused, or never read without a person."""
        if source.paused_at is not None or not self._is_read(source):
            return None
        now = self._clock.now()
        # A reading from the future comes from a clock that was wrong: it counts as none.
        if source.last_read is None or source.last_read > now:
            return now
        return source.last_read + self.pause_between(source)

    def _is_read(self, source: Source) -> bool:
        """Whether a source is read without a person: not those that people deliver or others push to."""
        return source.location != IMPORTED and self._registry.is_read(source.connector)


def digest_of(options: Mapping[str, object]) -> str:
    """The SHA-256 digest of what a source is told, in hexadecimal: the ledger names it without repeating it."""
    return sha256(json.dumps(options, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def require_location(location: str) -> None:
    """Refuse a location that holds a password.

    Raises:
        InvalidInput: it does (`source-location-secret`).
    """
    try:
        password = urlsplit(location).password
    except ValueError:
        password = None
    if password is not None:
        raise InvalidInput("source-location-secret")


def _changed(source: Source, options: Mapping[str, object], without: Sequence[str]) -> Mapping[str, object]:
    merged = dict(source.options if source.draft is None else source.draft) | dict(options)
    for option in without:
        if option not in merged:
            raise InvalidInput("source-option-not-set", option=option, source=source.name)
        del merged[option]
    return merged


def _existing(repository: SourceRepository, name: str) -> Source:
    source = repository.get(name)
    if source is None:
        raise NotFound("source-unknown", source=name)
    return source
