"""The register of sources as people work with it: each use case asks first whether they may."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from archive.authorization import Actor, Authorizer, Permission
from archive.errors import InvalidInput
from ingest.connectors.port import ConnectorKind
from ingest.connectors.registry import Registry
from ingest.sources.health import SourceHealth, SourceHealthService
from ingest.sources.preview import Previewer
from ingest.sources.samples import Ending, Preview
from ingest.sources.service import IMPORTED, SourceService, digest_of
from ingest.types import SeenArrival, Source

FEW: Final = 5
"""Documents that a preview shows where nobody asks for more."""


@dataclass(frozen=True)
class SourceDeskPorts:
    """What the desk needs. `redact` masks personal data for whoever sees masked copies only, or no record at all."""

    sources: SourceService
    health: SourceHealthService
    previewer: Previewer
    registry: Registry
    authorizer: Authorizer
    redact: Callable[[str], str]


@dataclass(frozen=True)
class Wanted:
    """A source to be registered; `minutes` lie between two readings, None as the settings say."""

    name: str
    connector: str
    location: str
    options: Mapping[str, object]
    region: str | None = None
    minutes: int | None = None


class SourceDesk:
    """Use cases of whoever looks after sources.

    Every method raises:
        Forbidden, NotAuthenticated: the actor may not do this.
    and those that name a source:
        NotFound: there is none of this name.
    """

    def __init__(self, ports: SourceDeskPorts) -> None:
        self._ports = ports

    def connectors(self, actor: Actor) -> dict[str, ConnectorKind | InvalidInput]:
        """Every connector by name, our own first; one that cannot be loaded by what is wrong with it."""
        self._require(actor, Permission.SOURCE_READ)
        found: dict[str, ConnectorKind | InvalidInput] = {}
        for name in self._ports.registry.names():
            try:
                found[name] = self._ports.registry.kind(name)
            except InvalidInput as error:
                found[name] = error
        return found

    def kind(self, actor: Actor, connector: str) -> ConnectorKind:
        """One connector.

        Raises:
            InvalidInput: there is none of this name, or it cannot be loaded.
        """
        self._require(actor, Permission.SOURCE_READ)
        return self._ports.registry.kind(connector)

    def all(self, actor: Actor) -> list[SourceHealth]:
        """Every source with how it is, by name."""
        self._require(actor, Permission.SOURCE_READ)
        return self._ports.health.all()

    def find(self, actor: Actor, name: str) -> SourceHealth:
        """One source with how it is."""
        self._require(actor, Permission.SOURCE_READ)
        return self._ports.health.of(name)

    def refused(self, actor: Actor, name: str) -> list[SeenArrival]:
        """The documents of a source that were refused last."""
        self._require(actor, Permission.SOURCE_READ)
        return self._ports.health.refused(name)

    def add(self, actor: Actor, wanted: Wanted) -> Source:
        """Register a source. Raises as `SourceService.register`."""
        self._require(actor, Permission.SOURCE_MANAGE)
        return self._ports.sources.register(
            wanted.name,
            wanted.connector,
            wanted.location,
            wanted.options,
            region=wanted.region,
            minutes=wanted.minutes,
            actor=actor,
        )

    def change(self, actor: Actor, name: str, options: Mapping[str, object], without: Sequence[str] = ()) -> Source:
        """Draft other options for a source. Raises as `SourceService.change`."""
        self._require(actor, Permission.SOURCE_MANAGE)
        return self._ports.sources.change(name, options, without)

    def discard(self, actor: Actor, name: str) -> None:
        """Forget the draft of a source."""
        self._require(actor, Permission.SOURCE_MANAGE)
        self._ports.sources.discard(name)

    def preview(self, actor: Actor, name: str, limit: int = FEW, *, live: bool = False) -> Preview:
        """Look at what a source would deliver, under its draft unless `live`. Then the draft counts as previewed.

        Raises as `Previewer.preview`. A source that is not read by us shows nothing: only its options were looked at.
        """
        self._require(actor, Permission.SOURCE_MANAGE)
        source = self._ports.sources.get(name)
        tried = replace(source, draft=None) if live else source
        if self._is_read(source):
            preview = self._ports.previewer.preview(tried, limit, self._mask(actor))
        else:
            preview = Preview(name, (), Ending.UNREAD, tried.draft is not None)
        if tried.draft is not None:
            self._ports.sources.previewed(name, tried.draft)
        return preview

    def apply(self, actor: Actor, name: str) -> Source:
        """Put the draft into force. Raises as `SourceService.apply`."""
        self._require(actor, Permission.SOURCE_MANAGE)
        return self._ports.sources.apply(name, actor)

    def pause(self, actor: Actor, name: str) -> None:
        """Do not read a source until it is resumed."""
        self._require(actor, Permission.SOURCE_MANAGE)
        self._ports.sources.pause(name, actor)

    def resume(self, actor: Actor, name: str) -> None:
        """Read a paused source again, at once."""
        self._require(actor, Permission.SOURCE_MANAGE)
        self._ports.sources.resume(name, actor)

    def schedule(self, actor: Actor, name: str, minutes: int | None) -> None:
        """Say how often a source is read. Raises as `SourceService.schedule`."""
        self._require(actor, Permission.SOURCE_MANAGE)
        self._ports.sources.schedule(name, minutes)

    def ask(self, actor: Actor, name: str) -> None:
        """Ask for a source to be read now. Raises as `SourceService.ask`."""
        self._require(actor, Permission.SOURCE_MANAGE)
        self._ports.sources.ask(name)

    def _is_read(self, source: Source) -> bool:
        return source.location != IMPORTED and self._ports.registry.kind(source.connector).open is not None

    def _mask(self, actor: Actor) -> Callable[[str], str]:
        """Whoever sees records sees their samples likewise; whoever sees none gets them masked."""
        scope = self._ports.authorizer.scope(actor, Permission.RECORD_READ)
        return self._ports.redact if scope.redacted or not scope.clauses else str

    def _require(self, actor: Actor, permission: Permission) -> None:
        self._ports.authorizer.require(actor, permission)


def is_previewed(source: Source) -> bool:
    """Whether the draft of a source may be put into force: somebody has looked at what it does as it is now."""
    return source.draft is not None and source.previewed == digest_of(source.draft)
