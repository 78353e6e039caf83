"""From the files of a tree to the documents that lie in it.

A file is a document; so is a folder with a manifest, a bag, and a ZIP container where packages are opened. What lies
beside a document and says something of it (`NAME.json`, `NAME.manifest`, `NAME.withdrawn`, `NAME.complete`) is none.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.drop.tree import ROOT, Kind, Leaf, Tree
from ingest.connectors.packages.manifest import MOST_BYTES, Announced, is_manifest, read_manifest
from ingest.packages.bagit import DECLARATION
from ingest.packages.members import MOST_MEMBERS
from ingest.packages.names import shown

WITHDRAWN: Final = b".withdrawn"
_COMPLETE: Final = (b".complete", b".done", b".ok")
_SIDECAR: Final = b".json"
_ZIP: Final = b".zip"
_LIST: Final = b".manifest"
_TEMPORARY: Final = (b".part", b".partial", b".tmp", b".temp", b".filepart", b".crdownload", b".swp", b"~")
_PACKED: Final = (_ZIP, b".tar", b".eep", b".xml")
"""Where nothing but packages lies: containers, and encapsulations in one document."""

_MARKS: Final = (b"METS.xml", "目录文件.XML".encode(), "目录文件.xml".encode())
"""What makes a folder a package: of E-ARK, of DA/T 93."""

_FILING: Final = "项目管理".encode()
_BESIDE_FILING: Final = ("其他".encode(), "说明文件.TXT".encode(), "说明文件.txt".encode())
"""What makes it one of DA/T 103: the folder of that name with one of these beside it. Others have such a folder too."""

_DEEPEST: Final = 64
_MOST_NAMES: Final = 1_000_000


class Shape(StrEnum):
    """How a document lies in a tree. `ZIP` stands for every package in one file."""

    FILE = "file"
    FOLDER = "folder"
    ZIP = "zip"


@dataclass(frozen=True)
class Item:
    """A document as it lies in a tree.

    `leaves` are all files that make it up, its own before its sidecar. `complete` says that a manifest or marker calls
    it so, `withdrawn` that one says it was taken back, `held` that something of it is plainly still on its way.
    `announced` is what a list beside it or above it says of it.
    """

    path: bytes
    shape: Shape
    leaves: tuple[Leaf, ...]
    sidecar: Leaf | None = None
    announced: Announced | None = None
    complete: bool = False
    withdrawn: bool = False
    held: bool = False

    @property
    def size(self) -> int:
        """Bytes of what is the document itself."""
        return sum(leaf.size for leaf in self.leaves if leaf is not self.sidecar)


@dataclass(frozen=True)
class Flaw:
    """Something that should be a document and cannot be one. A `missing` one is listed and not there.

    `folder` says that the whole of it could not be listed: nothing is known of what lies below.
    """

    path: bytes
    code: str
    params: Mapping[str, object]
    missing: bool = False
    folder: bool = False


class Walk:
    """One walk through a tree.

    `packages` says that ZIP containers and bags are opened, `only` that nothing but packages counts, and that those in
    a tar or in one document are opened too. `settled` says whether a file has come to rest: a list is not read before.

    Iterating raises:
        SourceFailed: the tree does not answer, or is too large (`drop-too-many`).
    """

    def __init__(self, tree: Tree, settled: Callable[[Leaf], bool], *, packages: bool, only: bool) -> None:
        self._tree = tree
        self._settled = settled
        self._packages = packages
        self._only = only
        self._announced: dict[bytes, Announced] = {}
        self._withdrawn: set[bytes] = set()
        self._marked: set[bytes] = set()
        self._seen = 0

    def __iter__(self) -> Iterator[Item | Flaw]:
        waiting = [ROOT]
        while waiting:
            folder = waiting.pop()
            try:
                entries = self._entries(folder)
            except InvalidInput as error:
                yield self._unlisted(folder, error)
                continue
            if folder != ROOT and self._is_whole(entries):
                if folder not in self._withdrawn:
                    yield self._whole(folder)
                continue
            yield from self._lists(folder, entries)
            yield from self._loose(entries)
            below = (leaf.path for leaf in entries.values() if leaf.kind is Kind.FOLDER and not _is_temporary(leaf))
            waiting += sorted(below, reverse=True)

    def _unlisted(self, folder: bytes, error: InvalidInput) -> Flaw:
        if folder == ROOT:
            detail = str(error.params.get("detail", error.code))
            raise SourceFailed("source-unreachable", source=self._tree.name, detail=detail) from error
        return Flaw(folder, error.code, error.params, folder=True)

    def _entries(self, folder: bytes) -> dict[bytes, Leaf]:
        if folder.count(b"/") >= _DEEPEST:
            raise InvalidInput("folder-unreadable-source", name=shown(folder), detail=f"deeper than {_DEEPEST}")
        entries: dict[bytes, Leaf] = {}
        for leaf in self._tree.entries(folder):
            entries[leaf.name] = leaf
            self._seen += 1
            if self._seen > _MOST_NAMES:
                raise SourceFailed("drop-too-many", source=self._tree.name, most=_MOST_NAMES)
        return entries

    def _is_whole(self, entries: Mapping[bytes, Leaf]) -> bool:
        """Whether a folder is one document or one package: a bag, one with a manifest or a catalogue of its own."""
        if DECLARATION in entries and entries[DECLARATION].kind is Kind.FILE:
            return self._packages
        filing = _FILING in entries and any(name in entries for name in _BESIDE_FILING)
        if self._packages and (filing or any(name in entries for name in _MARKS)):
            return True
        return any(is_manifest(name) and leaf.kind is Kind.FILE for name, leaf in entries.items())

    def _whole(self, folder: bytes) -> Item | Flaw:
        leaves: list[Leaf] = []
        waiting = [folder]
        try:
            while waiting:
                for leaf in self._entries(waiting.pop()).values():
                    if leaf.kind is Kind.FOLDER:
                        waiting.append(leaf.path)
                    elif leaf.kind is Kind.OTHER:
                        return Flaw(folder, "drop-not-a-file", {"name": shown(leaf.path)})
                    else:
                        leaves.append(leaf)
                    if len(leaves) + len(waiting) > MOST_MEMBERS:
                        return Flaw(folder, "package-too-many", {"most": MOST_MEMBERS})
        except InvalidInput as error:
            return Flaw(folder, error.code, error.params)
        bag = any(leaf.path == folder + b"/" + DECLARATION for leaf in leaves)
        return Item(
            folder,
            Shape.FOLDER,
            tuple(sorted((leaf for leaf in leaves if bag or not _is_temporary(leaf)), key=lambda leaf: leaf.path)),
            complete=folder in self._marked,
            held=not bag and any(leaf.name.lower().endswith(_TEMPORARY) for leaf in leaves),
        )

    def _lists(self, folder: bytes, entries: Mapping[bytes, Leaf]) -> Iterator[Item | Flaw]:
        """What lists in this folder announce: remembered for when it is met, told at once where it is not there."""
        for name in sorted(entries):
            leaf = entries[name]
            if not _is_list(leaf) or not self._settled(leaf):
                continue
            try:
                with self._tree.open(leaf, 0) as stream:
                    manifest = read_manifest(stream.read(MOST_BYTES + 1), name)
            except InvalidInput as error:
                yield Flaw(leaf.path, error.code, error.params)
                continue
            for path, announced in manifest.files.items():
                whole = folder + b"/" + path if folder else path
                taken_back = announced.withdrawn or manifest.withdrawn
                self._announced[whole] = _joined(self._announced.get(whole), announced, withdrawn=taken_back)
                if taken_back:
                    yield Item(self._path(whole), Shape.FILE, (leaf,), withdrawn=True)
                elif path not in entries if b"/" not in path else self._tree.stat(whole) is None:
                    yield Flaw(whole, "manifest-file-missing", {"name": shown(whole)}, missing=True)

    def _loose(self, entries: Mapping[bytes, Leaf]) -> Iterator[Item | Flaw]:
        held = any(_is_list(leaf) and not self._settled(leaf) for leaf in entries.values())
        self._withdrawn |= {
            self._path(leaf.path.removesuffix(WITHDRAWN)) for leaf in entries.values() if _takes_back(leaf)
        }
        for name in sorted(entries):
            leaf = entries[name]
            if leaf.kind is Kind.FOLDER or _is_temporary(leaf):
                continue
            if leaf.kind is Kind.OTHER:
                yield Flaw(leaf.path, "drop-not-a-file", {"name": shown(leaf.path)})
            elif _takes_back(leaf):
                yield Item(self._path(leaf.path.removesuffix(WITHDRAWN)), Shape.FILE, (leaf,), withdrawn=True)
            elif _is_marker(name, entries):
                self._marked.add(leaf.path.rpartition(b".")[0])
            elif not _is_aside(leaf, entries) and self._path(leaf.path) not in self._withdrawn:
                yield from self._file(leaf, entries, held=held)

    def _path(self, path: bytes) -> bytes:
        """The path that names a document: where only packages count, a folder and a ZIP container are the same."""
        return path[: -len(_ZIP)] if self._only and path.lower().endswith(_ZIP) else path

    def _file(self, leaf: Leaf, entries: Mapping[bytes, Leaf], *, held: bool) -> Iterator[Item | Flaw]:
        announced = self._announced.get(leaf.path)
        if announced is not None and announced.withdrawn:
            return
        packed = self._packages and leaf.name.lower().endswith(_PACKED if self._only else _ZIP)
        if self._only and not packed:
            yield Flaw(leaf.path, "package-expected", {"name": shown(leaf.path)})
            return
        sidecar = entries.get(leaf.name + _SIDECAR)
        if sidecar is not None and sidecar.kind is not Kind.FILE:
            sidecar = None
        yield Item(
            self._path(leaf.path),
            Shape.ZIP if packed else Shape.FILE,
            (leaf,) if sidecar is None else (leaf, sidecar),
            sidecar,
            announced,
            complete=_is_complete(leaf, announced, entries),
            held=held,
        )


def _joined(known: Announced | None, given: Announced, *, withdrawn: bool) -> Announced:
    """What two lists say of one file: what the later one leaves open stands as the other says it."""
    if known is None:
        return replace(given, withdrawn=withdrawn)
    size = known.size if given.size is None else given.size
    digests, said = {**known.digests, **given.digests}, {**known.said, **given.said}
    return replace(given, size=size, digests=digests, said=said, withdrawn=withdrawn)


def _is_complete(leaf: Leaf, announced: Announced | None, entries: Mapping[bytes, Leaf]) -> bool:
    marked = any(leaf.name + ending in entries for ending in _COMPLETE)
    return marked or (announced is not None and bool(announced.digests) and announced.size == leaf.size)


def _is_temporary(leaf: Leaf) -> bool:
    """Whether a name says that it is not meant to be read yet, or never."""
    return leaf.name.startswith(b".") or leaf.name.lower().endswith(_TEMPORARY)


def _takes_back(leaf: Leaf) -> bool:
    return leaf.kind is Kind.FILE and leaf.name.endswith(WITHDRAWN)


def _is_list(leaf: Leaf) -> bool:
    return leaf.kind is Kind.FILE and (leaf.name.endswith(_LIST) or is_manifest(leaf.name))


def _is_marker(name: bytes, entries: Mapping[bytes, Leaf]) -> bool:
    return any(name.endswith(ending) and name.removesuffix(ending) in entries for ending in _COMPLETE)


def _is_aside(leaf: Leaf, entries: Mapping[bytes, Leaf]) -> bool:
    """Whether a file only says something of what lies beside it."""
    beside = entries.get(leaf.name.removesuffix(_SIDECAR))
    return _is_list(leaf) or (beside is not None and beside is not leaf and beside.kind is Kind.FILE)
