"""From a document as it lies in a tree to what is handed over."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, Final

from archive.errors import InvalidInput, Unavailable
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.drop.naming import record_id
from ingest.connectors.drop.reading import Patience, require_unchanged, steady
from ingest.connectors.drop.tree import Leaf, Tree
from ingest.connectors.drop.walking import Item, Shape
from ingest.connectors.locale import Locale
from ingest.connectors.moments import read_moment
from ingest.connectors.packages.unpacking import Contents, incoming, unpack_all
from ingest.connectors.packages.verifying import verified
from ingest.connectors.port import Stated
from ingest.connectors.streams import from_bytes
from ingest.connectors.texts import hint, json_object, well_formed
from ingest.packages.findings import Findings
from ingest.packages.kinds import rules_for
from ingest.packages.members import MOST_BYTES, Member, by_path
from ingest.packages.names import shown
from ingest.packages.opening import members_in_file
from ingest.packages.zipped import LIMITS

_DATE: Final = len("2026-01-31")
_BLOCK: Final = 1 << 20


class TakenBack(Exception):
    """What lies there says of itself that it was taken back."""


@dataclass(frozen=True)
class Desk:
    """Opens documents of one tree. `scratch` is where containers that lie far away are laid while they are read."""

    tree: Tree
    locale: Locale
    scratch: Path
    patience: Patience

    @contextmanager
    def opened(self, item: Item, external_id: str) -> Iterator[tuple[Delivery, ...]]:
        """A document, or those of a package of several, whose components can be read until the block ends.

        Raises:
            TakenBack: its own manifest says that it was withdrawn.
            InvalidInput: it cannot be taken as it is.
            SourceFailed: the tree does not answer.
            Unavailable: there is no room for a container that lies far away.
        """
        if item.shape is Shape.ZIP:
            self._require_announced(item)
            with self._container(item.leaves[0]) as documents:
                yield self._deliveries(item, external_id, documents)
        elif item.shape is Shape.FOLDER:
            cut = len(item.path) + 1
            members = [Member(leaf.path[cut:], leaf.size, _Opener(self, leaf)) for leaf in item.leaves]
            yield self._deliveries(item, external_id, unpack_all(by_path(members)))
        else:
            leaf = item.leaves[0]
            member = Member(leaf.name, leaf.size, _Opener(self, leaf))
            contents = Contents((incoming(member, item.announced, ComponentRole.MAIN),))
            yield (self._delivery(item, external_id, contents),)

    def stated(self, item: Item) -> Stated:
        """What a tree says of a document without its being read."""
        newest = max(leaf.modified for leaf in item.leaves)
        announced = item.announced if item.shape is Shape.FILE else None
        sha256 = announced.digests.get("sha256") if announced is not None else None
        return Stated(day=_day(newest, self.locale.zone), size=item.size, digest=f"sha256:{sha256}" if sha256 else "")

    def _require_announced(self, item: Item) -> None:
        """Compare a container with what a list says of it, before anything in it is believed."""
        given, leaf = item.announced, item.leaves[0]
        if given is None or (given.size is None and not given.digests):
            return
        whole = verified(steady(self.tree, leaf, self.patience), shown(leaf.path), given.digests, given.size)
        with whole as stream:
            while stream.read(_BLOCK):
                pass

    @contextmanager
    def _container(self, leaf: Leaf) -> Iterator[Mapping[str, Contents]]:
        if self.tree.near:
            with self.tree.open(leaf, 0) as stream:
                yield self._unpacked(stream, leaf)
            return
        spool = self.scratch / "package.zip"
        try:
            self._fetch(leaf, spool)
            with spool.open("rb") as stream:
                yield self._unpacked(stream, leaf)
        finally:
            spool.unlink(missing_ok=True)

    def _unpacked(self, stream: BinaryIO, leaf: Leaf) -> Mapping[str, Contents]:
        def unchanged() -> None:
            require_unchanged(self.tree, leaf)

        findings = Findings()
        found = members_in_file(stream, leaf.name, LIMITS, findings)
        unchanged()
        findings.require_none()
        members = by_path(Member(m.path, m.size, _Checked(m, unchanged)) for m in found)
        if list(members) == [leaf.name] and rules_for(members) is None:
            # It is no container, and no package of one file either.
            raise InvalidInput("package-expected", name=shown(leaf.path))
        return unpack_all(members)

    def _fetch(self, leaf: Leaf, spool: Path) -> None:
        with steady(self.tree, leaf, self.patience) as source, _room(spool), spool.open("wb") as file:
            while block := source.read(_BLOCK):
                file.write(block)

    def _deliveries(self, item: Item, external_id: str, documents: Mapping[str, Contents]) -> tuple[Delivery, ...]:
        return tuple(
            self._delivery(item, record_id(external_id, name) if name else external_id, contents)
            for name, contents in documents.items()
        )

    def _delivery(self, item: Item, external_id: str, contents: Contents) -> Delivery:
        if contents.withdrawn:
            raise TakenBack
        said = dict(contents.said)
        components = contents.components
        if item.announced is not None:
            said |= item.announced.said
        if item.sidecar is not None:
            data = self._read(item.sidecar)
            said |= json_object(data)
            components = (*components, Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(data)))
        name = shown(item.leaves[0].name if item.shape is not Shape.FOLDER else item.path.rpartition(b"/")[2])
        hints = {well_formed(key): hint(value) for key, value in said.items() if key not in {"title", "published"}}
        return Delivery(
            external_id=external_id,
            title=_text(said, "title", external_id) or _stem(name, item.shape),
            region=self.locale.region_of(_text(said, "region", external_id)),
            published=read_moment(_text(said, "published", external_id) or name[:_DATE], self.locale.zone),
            components=components,
            # What is neither a text nor a list of texts stays in the envelope.
            hints={key: value for key, value in hints.items() if value},
        )

    def _read(self, leaf: Leaf) -> bytes:
        if leaf.size > MOST_BYTES:
            raise InvalidInput("manifest-too-large", name=shown(leaf.path), most=f"{MOST_BYTES >> 20} MiB")
        with steady(self.tree, leaf, self.patience) as stream:
            return stream.read()


@dataclass(frozen=True)
class _Opener:
    """Opens one file of a tree from its first byte."""

    desk: Desk
    leaf: Leaf

    def __call__(self) -> BinaryIO:
        return steady(self.desk.tree, self.leaf, self.desk.patience)


@dataclass(frozen=True)
class _Checked:
    """Opens a member of a container, and asks at its end whether the container is still what it was."""

    member: Member
    unchanged: Callable[[], None]

    def __call__(self) -> BinaryIO:
        return verified(self.member.open(), shown(self.member.path), {}, after=self.unchanged)


def _day(modified: int, zone: tzinfo) -> date | None:
    """The day of a moment in nanoseconds; None where a clock went so wrong that there is no such day."""
    try:
        return datetime.fromtimestamp(modified / 1e9, UTC).astimezone(zone).date()
    except (ValueError, OverflowError, OSError):
        return None


def _stem(name: str, shape: Shape) -> str:
    return name if shape is Shape.FOLDER else name.rpartition(".")[0] or name


def _text(said: Mapping[str, object], field: str, external_id: str) -> str:
    value = said.get(field)
    if value is not None and not isinstance(value, str):
        raise InvalidInput("row-field-type", external_id=external_id, field=field)
    return well_formed(value or "")


@contextmanager
def _room(path: Path) -> Iterator[None]:
    """Raises `Unavailable` where a file cannot be written; what the source itself does wrong passes through."""
    try:
        yield
    except OSError as error:
        code = "blob-store-full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "blob-store-unavailable"
        raise Unavailable(code, path=str(path.parent), detail=error.strerror or str(error)) from error
