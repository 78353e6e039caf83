"""BagIt (RFC 8493, and the drafts 0.93 to 0.97 before it): what a bag says of itself, and whether it is all there.

Digests of the tag files are compared here, those of the payload while it is read. What is to be fetched from elsewhere
is never fetched: a bag whose payload is not all in it is refused.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from archive.errors import InvalidInput
from ingest.connectors.packages.manifest import ALGORITHMS
from ingest.connectors.packages.members import Members
from ingest.connectors.packages.names import safe_path, shown

DECLARATION: Final = b"bagit.txt"

_PAYLOAD: Final = b"data/"
_DECLARED: Final = re.compile(
    rb"BagIt-Version: (\d+)\.(\d+)[ \t]*\r?\nTag-File-Character-Encoding: ([A-Za-z0-9._-]+)[ \t]*\s*"
)
_MANIFEST: Final = re.compile(rb"(tag)?manifest-([A-Za-z0-9-]+)\.txt")
_LINE: Final = re.compile(r"([0-9A-Fa-f]+)[ \t]+\*?(.+)")
_OXUM: Final = re.compile(r"^Payload-Oxum\s*:\s*(\d+)\.(\d+)\s*$", re.MULTILINE)
_ENCODINGS: Final = frozenset(
    {"utf-8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "iso-8859-1", "gb2312", "gbk", "gb18030", "big5"}
)
_OF_SYSTEMS: Final = frozenset({b".DS_Store", b"Thumbs.db", b"desktop.ini"})
"""Files that systems leave in folders and take away again; a bag from such a machine may list them."""

_STRICT: Final = (1, 0)
"""From this version on no path may be listed twice, and every manifest lists the whole payload."""

Listed = dict[bytes, str]
"""Digests by path, as one manifest gives them."""


def is_bag(members: Members) -> bool:
    """Whether these files claim to be a bag."""
    return DECLARATION in members


def read_bag(members: Members) -> Mapping[bytes, Mapping[str, str]]:
    """The digests of every payload file by path and algorithm; everything else about the bag is in order.

    Raises:
        InvalidInput: `bag-declaration` (bagit.txt is not as it must be), `bag-without-manifest`, `bag-incomplete` (a
            listed file is missing), `bag-unlisted` (a payload file is listed nowhere, or from 1.0 on not everywhere),
            `bag-oxum` (number or size of the payload differ), `manifest-malformed`, `manifest-path-unsafe`,
            `manifest-path-twice`, `manifest-digest-differs`.
    """
    version, encoding = _declared(members[DECLARATION].read())
    payload = {path for path in members if path.startswith(_PAYLOAD)}
    manifests, tags = _manifests(members, encoding, version)
    if not manifests:
        raise InvalidInput("bag-without-manifest", known="、".join(ALGORITHMS))
    places = _Places(members)
    _require_fetched(members, places, encoding)
    for algorithm, listed in tags.items():
        _require_tags(members, algorithm, listed)
    found: dict[bytes, dict[str, str]] = {path: {} for path in payload}
    whole = True
    for algorithm, listed in manifests.items():
        for path, digest in listed.items():
            place = places.listed(path, listed)
            if place is not None and found[place].setdefault(algorithm, digest) != digest:
                # Two names of the list lead to this one file: one of the two files is not here.
                raise InvalidInput("bag-incomplete", name=shown(path))
            whole = whole and place is not None
    everywhere = len(manifests) if version >= _STRICT else 1
    for path, digests in found.items():
        if len(digests) < everywhere:
            raise InvalidInput("bag-unlisted", name=shown(path))
    if whole:
        # The sum of a payload that lacks what nobody misses cannot agree, and every digest is compared all the same.
        _require_oxum(members, payload, encoding)
    return found


def _declared(data: bytes) -> tuple[tuple[int, int], str]:
    found = _DECLARED.fullmatch(data)
    if found is None:
        raise InvalidInput("bag-declaration")
    encoding = found[3].decode().lower()
    if encoding not in _ENCODINGS:
        raise InvalidInput("bag-declaration")
    return (int(found[1][:4]), int(found[2][:4])), encoding


def _manifests(
    members: Members, encoding: str, version: tuple[int, int]
) -> tuple[dict[str, Listed], dict[str, Listed]]:
    """Payload and tag manifests by algorithm; those of an algorithm nobody here knows are no help and left out."""
    payload: dict[str, Listed] = {}
    tags: dict[str, Listed] = {}
    for name in members:
        found = _MANIFEST.fullmatch(name)
        algorithm = found[2].decode().lower().replace("-", "") if found else ""
        if found is None or algorithm not in ALGORITHMS:
            continue
        listed = _listed(name, _text(members, name, encoding), algorithm, strict=version >= _STRICT)
        kind = tags if found[1] else payload
        if algorithm in kind:
            # `sha256` and `sha-256`: neither may push the other aside.
            raise InvalidInput("manifest-path-twice", name=shown(name))
        kind[algorithm] = listed
    return payload, tags


def _listed(name: bytes, text: str, algorithm: str, *, strict: bool) -> Listed:
    listed: Listed = {}
    length = hashlib.new(algorithm, usedforsecurity=False).digest_size * 2
    for number, line in _lines(text):
        found = _LINE.fullmatch(line)
        if found is None or len(found[1]) != length:
            raise InvalidInput("manifest-malformed", name=shown(name), detail=f"line {number}")
        path, digest = safe_path(found[2].encode("utf-8", "surrogatepass")), found[1].lower()
        if path in listed and (strict or listed[path] != digest):
            raise InvalidInput("manifest-path-twice", name=shown(path))
        listed[path] = digest
    return listed


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line.strip():
            yield number, line


class _Places:
    """Where the files that a bag lists lie in it."""

    def __init__(self, members: Members) -> None:
        self._members = members
        self._forms: dict[str, list[bytes]] = defaultdict(list)
        self._folded: dict[str, list[bytes]] = defaultdict(list)
        for path in members:
            if path.startswith(_PAYLOAD):
                self._forms[_form(path)].append(path)
                self._folded[_form(path).casefold()].append(path)

    def of(self, path: bytes) -> bytes | None:
        """The file that a path means: as it stands, or with line ends and percent signs decoded."""
        if path in self._members:
            return path
        decoded = re.sub(rb"%(0[AaDd]|25)", lambda found: bytes([int(found[1], 16)]), path)
        if decoded in self._members:
            return decoded
        # One name in two forms of Unicode: tools between the sender and us write one for the other.
        same = self._forms.get(_form(path), [])
        return same[0] if len(same) == 1 else None

    def listed(self, path: bytes, listed: Listed) -> bytes | None:
        """The payload file that a path of a manifest means; None where what is missing is missed by nobody.

        Raises:
            InvalidInput: it is not there (`bag-incomplete`), or no payload (`manifest-path-unsafe`).
        """
        if not path.startswith(_PAYLOAD):
            raise InvalidInput("manifest-path-unsafe", name=shown(path))
        place = self.of(path)
        # Packed where capitals make no difference: the same bytes listed under two names of one file.
        twins = [listed.get(twin) for twin in self._folded.get(_form(path).casefold(), [])]
        if place is None and path.rpartition(b"/")[2] not in _OF_SYSTEMS and listed[path] not in twins:
            raise InvalidInput("bag-incomplete", name=shown(path))
        return place


def _form(path: bytes) -> str:
    return unicodedata.normalize("NFC", shown(path))


def _require_tags(members: Members, algorithm: str, listed: Listed) -> None:
    for path, digest in listed.items():
        if path not in members:
            raise InvalidInput("bag-incomplete", name=shown(path))
        found = hashlib.new(algorithm, usedforsecurity=False)
        with members[path].open() as stream:
            while block := stream.read(1 << 20):
                found.update(block)
        if found.hexdigest() != digest:
            raise InvalidInput("manifest-digest-differs", name=shown(path), algorithm=algorithm)


def _require_fetched(members: Members, places: _Places, encoding: str) -> None:
    if b"fetch.txt" not in members:
        return
    for number, line in _lines(_text(members, b"fetch.txt", encoding)):
        parts = line.split(maxsplit=2)
        if len(parts) != 3:
            raise InvalidInput("manifest-malformed", name="fetch.txt", detail=f"line {number}")
        path = safe_path(parts[2].encode("utf-8", "surrogatepass"))
        if places.of(path) is None:
            raise InvalidInput("bag-incomplete", name=shown(path))


def _require_oxum(members: Members, payload: set[bytes], encoding: str) -> None:
    for name in (b"bag-info.txt", b"package-info.txt"):
        found = _OXUM.search(_text(members, name, encoding)) if name in members else None
        size = sum(members[path].size for path in payload)
        if found is not None and (int(found[1]), int(found[2])) != (size, len(payload)):
            raise InvalidInput("bag-oxum", announced=f"{found[1]}.{found[2]}", found=f"{size}.{len(payload)}")


def _text(members: Members, name: bytes, encoding: str) -> str:
    data = members[name].read()
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as error:
        raise InvalidInput("manifest-malformed", name=shown(name), detail=encoding) from error
