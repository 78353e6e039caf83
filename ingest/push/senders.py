"""Who may push: a registered source with its token. An unknown sender is told the same as one with a wrong token."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from archive.clock import Clock
from archive.db.uow import Database
from archive.errors import InvalidInput, NotAuthenticated, Unavailable
from ingest.connectors.options import Options
from ingest.connectors.secrets import Secrets
from ingest.push.kind import KIND
from ingest.sources.repository import SourceRepository
from ingest.types import Source

_NOBODY = "secret of nobody"
_NOTICEABLE = timedelta(seconds=1)


class Senders:
    """The pushing sources among all sources."""

    def __init__(self, database: Database, clock: Clock, secrets: Secrets) -> None:
        self._database = database
        self._clock = clock
        self._secrets = secrets

    def by_name(self, name: str, token: str, sent_at: datetime | None = None) -> Source:
        """The source of this name, if the token is its own; `sent_at` is the moment by the sender's clock.

        Raises:
            NotAuthenticated: there is none, or it has another token (`push-sender-unknown`).
            Unavailable: it has been paused (`push-paused`).
            InvalidInput: the sender's clock is too far from ours (`push-clock`).
        """
        with self._database.reading() as connection:
            source = SourceRepository(connection).get(name)
        return self._admit([source] if source is not None else [], token, sent_at)

    def by_number(self, number: str, token: str, sent_at: datetime | None = None) -> Source:
        """The source with this SYSTEM_NO or appId. Raises as `by_name`."""
        with self._database.reading() as connection:
            sources = SourceRepository(connection).all()
        found = [source for source in sources if number and source.options.get("system_no") == number]
        return self._admit(found, token, sent_at)

    def _admit(self, candidates: Sequence[Source], token: str, sent_at: datetime | None) -> Source:
        source = self._authenticated(candidates, token)
        if source.paused_at is not None:
            raise Unavailable("push-paused", source=source.name)
        if sent_at is not None:
            self._compare_clocks(source, sent_at)
        return source

    def _authenticated(self, candidates: Sequence[Source], token: str) -> Source:
        admitted: Source | None = None
        for source in candidates:
            if source.connector == KIND.name and self._owns(source, token):
                admitted = source
        if admitted is None:
            # As long as with a source, so that the time of the answer does not tell who is registered.
            hmac.compare_digest(token.encode(errors="replace"), _NOBODY.encode())
            raise NotAuthenticated("push-sender-unknown")
        return admitted

    def _owns(self, source: Source, token: str) -> bool:
        secret = self._secrets.text(Options(KIND, source).text("token"))
        return bool(secret) and hmac.compare_digest(token.encode(errors="replace"), secret.encode())

    def _compare_clocks(self, source: Source, sent_at: datetime) -> None:
        skew = sent_at - self._clock.now()
        known = source.clock_skew
        if known is None or abs(skew.total_seconds() - known) > _NOTICEABLE.total_seconds():
            with self._database.writing() as uow:
                SourceRepository(uow.connection).update(source.name, clock_skew=skew.total_seconds())
        hours = Options(KIND, source).number("skew_hours")
        if abs(skew) > timedelta(hours=hours):
            raise InvalidInput("push-clock", hours=hours)
