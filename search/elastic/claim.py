"""Who makes a new generation just now: one document with an end, which whoever holds it moves on while he lives.

It is changed only by whoever has seen its last state, so of two that take it one succeeds. After its end anybody may
take it over, together with what the dead holder left: `block` names the generation that he kept others from writing to.
`last` is the number of the last generation: none is given twice, so what a sleeper wakes up to is never somebody
else's under the name of his own.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from archive.clock import Clock
from archive.errors import Unavailable
from search.elastic.client import Server
from search.fields import micros

LEASE = timedelta(minutes=3)
"""How long a holder may be silent: far longer than the biggest batch takes, and than clocks differ."""

_LEASE_MICROS = LEASE // timedelta(microseconds=1)
_DOCUMENT = "claim"


@dataclass(frozen=True)
class Claim:
    """The claim as it stands. `block` is None where nobody is kept from writing; `seen` is its state on the server."""

    owner: str = ""
    until: int = 0
    block: str | None = None
    last: int = 0
    seen: tuple[int, int] | None = None


class Claims:
    """The claim on one index."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._index = f"{server.address.name}-claim"

    def read(self) -> Claim | None:
        """The claim as it stands now, None where there has never been one."""
        with self._server.asked(404) as client:
            answer = client.get(index=self._index, id=_DOCUMENT)
        if answer.meta.status == 404:
            return None
        return Claim(**answer["_source"], seen=(answer["_seq_no"], answer["_primary_term"]))

    def live(self, claim: Claim | None) -> bool:
        """Whether its holder may still be at work."""
        return claim is not None and claim.until > micros(self._clock.now())

    def take(self) -> "Held":
        """Be the only holder.

        Raises:
            Unavailable: somebody else is (`search-rebuild-running`).
        """
        before = self.read()
        if self.live(before):
            raise self._running()
        if before is None:
            self._prepare()
        return Held(self, self.write(replace(before or Claim(), owner=uuid4().hex)))

    def fresh(self, claim: Claim) -> bool:
        """Whether most of its time is still to come."""
        return claim.until - micros(self._clock.now()) > 0.75 * _LEASE_MICROS

    def write(self, claim: Claim) -> Claim:
        """Write it with the time of its owner, if it has one, from now on; unless it is no longer as it was seen."""
        until = micros(self._clock.now()) + _LEASE_MICROS if claim.owner else 0
        unchanged: dict[str, Any] = {"op_type": "create"}
        if claim.seen is not None:
            unchanged = {"if_seq_no": claim.seen[0], "if_primary_term": claim.seen[1]}
        document = {"owner": claim.owner, "until": until, "block": claim.block, "last": claim.last}
        # Not sent twice: the second would meet the first and take it for somebody else's.
        with self._server.asked(409, retries=0) as client:
            answer = client.index(index=self._index, id=_DOCUMENT, document=document, **unchanged)
        if answer.meta.status == 409:
            raise self._running()
        return replace(claim, until=until, seen=(answer["_seq_no"], answer["_primary_term"]))

    def _running(self) -> Unavailable:
        return Unavailable("search-rebuild-running", path=self._server.path)

    def _prepare(self) -> None:
        kinds = {"owner": "keyword", "until": "long", "block": "keyword", "last": "long"}
        fields = {name: {"type": kind} for name, kind in kinds.items()}
        with self._server.asked(400) as client:
            answer = client.indices.create(
                index=self._index,
                mappings={"dynamic": "strict", "properties": fields},
                settings={"number_of_shards": 1, "auto_expand_replicas": "0-1"},
            )
        if answer.meta.status == 400 and answer["error"]["type"] != "resource_already_exists_exception":
            raise Unavailable("search-index-unwritable", path=self._server.path, detail=answer["error"]["type"])


class Held:
    """A claim in our hands. Once it is in others, every method raises Unavailable (`search-rebuild-running`)."""

    def __init__(self, claims: Claims, claim: Claim) -> None:
        self._claims = claims
        self._claim = claim

    @property
    def block(self) -> str | None:
        """The generation that nobody may write to, None for none."""
        return self._claim.block

    def keep(self) -> None:
        """Give a sign of life, if the last was a while ago."""
        if not self._claims.fresh(self._claim):
            self.renew()

    def renew(self) -> None:
        """Give a sign of life."""
        self._claim = self._claims.write(self._claim)

    def mark(self, block: str | None) -> None:
        """Say which generation nobody may write to, before it is blocked and after it no longer is."""
        self._claim = self._claims.write(replace(self._claim, block=block))

    def number(self, known: int) -> int:
        """The number of a new generation, where `known` is the highest there is."""
        self._claim = self._claims.write(replace(self._claim, last=max(self._claim.last, known) + 1))
        return self._claim.last

    def release(self) -> None:
        """Leave it to others."""
        self._claim = self._claims.write(replace(self._claim, owner=""))
