"""BagIt (RFC 8493, and the drafts 0.93 to 0.97 before it): what a bag says of itself, and whether it is all there.

Digests of the tag files are compared here, those of the payload by whoever reads it. What is to be fetched from
elsewhere is never fetched: a bag whose payload is not all in it is incomplete (RFC 8493, 3).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from archive.errors import InvalidInput
from ingest.packages.bag_lists import MOST_BYTES, Listed, Lists, tag_text
from ingest.packages.bag_places import PAYLOAD, Places
from ingest.packages.comparing import compare
from ingest.packages.digests import ALGORITHMS, WEAK
from ingest.packages.findings import Findings
from ingest.packages.members import Members
from ingest.packages.names import shown

DECLARATION: Final = b"bagit.txt"

_DECLARED: Final = re.compile(
    rb"BagIt-Version: (\d+)\.(\d+)[ \t]*(?:\r\n?|\n)Tag-File-Character-Encoding: ([A-Za-z0-9._-]+)[ \t]*\s*"
)
_OXUM: Final = re.compile(r"(?:^|(?<=[\r\n]))Payload-Oxum[ \t]*:([^\r\n]*)", re.IGNORECASE)
_ENCODINGS: Final = frozenset(
    {"utf-8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "gb2312", "gbk", "gb18030", "big5"}
    | {"iso-8859-1", "iso-8859-15", "windows-1252", "shift_jis", "euc-jp", "euc-kr"}
)
_INFORMATION: Final = (b"bag-info.txt", b"package-info.txt")
"""What a bag says of itself; up to 0.95 under its older name."""

_VERSIONS: Final = frozenset({(0, 93), (0, 94), (0, 95), (0, 96), (0, 97), (1, 0)})
_STRICT: Final = (1, 0)
"""From this version on no path may be listed twice, and every manifest lists the whole payload."""

_MOST_LISTED: Final = 8 << 20
"""Of what a bag says of itself, and of a list read in our own process: eight hundred bytes for each of 10,000 files."""


@dataclass(frozen=True)
class Bag:
    """A bag as its tag files describe it: the digests of every payload file by path and algorithm."""

    version: str
    payload: Mapping[bytes, Mapping[str, str]] = field(default_factory=dict)


def is_bag(members: Members) -> bool:
    """Whether these files claim to be a bag."""
    return DECLARATION in members


def looks_like_bag(members: Members) -> bool:
    """Whether they are what a bag is but for its declaration."""
    return any(name.startswith(PAYLOAD) for name in members) and any(
        name.startswith(b"manifest-") and name.endswith(b".txt") for name in members
    )


def read_bag(members: Members) -> Mapping[bytes, Mapping[str, str]]:
    """The digests of every payload file by path and algorithm; everything else about the bag is in order.

    Raises:
        InvalidInput: a rule is broken, under the code of the first finding of `look_into_bag`.
    """
    findings = Findings()
    bag = look_into_bag(members, findings, _MOST_LISTED)
    findings.require_none()
    return bag.payload


def validate_bag(members: Members, findings: Findings) -> str:
    """Look into a bag and read all of it; its version."""
    bag = look_into_bag(members, findings)
    for path, digests in bag.payload.items():
        compare(members[path], findings, digests=digests)
    return bag.version


def look_into_bag(members: Members, findings: Findings, most: int = MOST_BYTES) -> Bag:
    """What a bag announces, after everything but its payload has been read; no list may have more than `most` bytes.

    Errors found are `bag-declaration` (bagit.txt is not as it must be), `bag-version-unknown`, `bag-without-manifest`,
    `bag-incomplete` (a listed file is missing), `bag-unlisted` (a payload file is listed nowhere, or from 1.0 on not
    everywhere), `bag-oxum` (number or size of the payload differ), `manifest-malformed`, `manifest-path-unsafe`,
    `manifest-path-twice`, `manifest-too-large`, `manifest-digest-differs`.
    """
    declared = _declared(members, findings)
    if declared is None:
        return Bag("")
    version, encoding = declared
    told = f"{version[0]}.{version[1]}"
    if version not in _VERSIONS:
        findings.error("bag-version-unknown", shown(DECLARATION), version=told)
    lists = Lists(members, encoding, findings, strict=version >= _STRICT, most=most)
    manifests, tags = lists.read()
    places = Places(members, findings)
    _look_at_fetched(lists, places, findings)
    for algorithm, listed in tags.items():
        _look_at_tags(members, places, algorithm, listed, findings)
    if not places.payload:
        findings.warning("bag-payload-empty", shown(PAYLOAD))
    if not manifests:
        findings.error("bag-without-manifest", known="、".join(ALGORITHMS))
        return Bag(told)
    if manifests.keys() <= WEAK:
        findings.info("bag-digest-weak", algorithms="、".join(manifests))
    found, whole = _joined(manifests, places, findings)
    everywhere = len(manifests) if version >= _STRICT else 1
    for path, digests in found.items():
        if len(digests) < everywhere:
            findings.error("bag-unlisted", shown(path))
    if whole:
        # The sum of a payload that lacks what nobody misses cannot agree, and every digest is compared all the same.
        _look_at_oxum(members, found, encoding, findings)
    return Bag(told, found)


def _declared(members: Members, findings: Findings) -> tuple[tuple[int, int], str] | None:
    name = shown(DECLARATION)
    if DECLARATION not in members:
        findings.error("bag-declaration-missing", name)
        return None
    try:
        found = _DECLARED.fullmatch(members[DECLARATION].read())
    except InvalidInput as error:
        findings.caught(error, name)
        return None
    encoding = found[3].decode().lower() if found else ""
    if found is None or encoding not in _ENCODINGS:
        findings.error("bag-declaration", name)
        return None
    return (int(found[1][:4]), int(found[2][:4])), encoding


def _joined(
    manifests: Mapping[str, Listed], places: Places, findings: Findings
) -> tuple[dict[bytes, dict[str, str]], bool]:
    """What all manifests together say of each payload file, and whether everything they list is there."""
    found: dict[bytes, dict[str, str]] = {path: {} for path in places.payload}
    whole = True
    for algorithm, listed in manifests.items():
        for path, digest in listed.items():
            place = places.listed(path, listed)
            if place is not None and found[place].setdefault(algorithm, digest) != digest:
                # Two names of the list lead to this one file: one of the two files is not here.
                findings.error("bag-incomplete", shown(path))
            whole = whole and place is not None
    return found, whole


def _look_at_tags(members: Members, places: Places, algorithm: str, listed: Listed, findings: Findings) -> None:
    for path, digest in listed.items():
        place = places.of(path)
        if place is not None:
            compare(members[place], findings, digests={algorithm: digest})
        else:
            findings.error("bag-incomplete", shown(path))


def _look_at_fetched(lists: Lists, places: Places, findings: Findings) -> None:
    """What is to be fetched must be there already; the addresses are not even looked at."""
    missing = []
    for path in lists.fetched():
        if not path.startswith(PAYLOAD):
            # Only payload may be fetched (RFC 8493, 2.2.3): a bag always brings its own tag files.
            findings.error("manifest-path-unsafe", shown(path))
        elif places.of(path) is None:
            missing.append(path)
    for path in missing:
        findings.error("bag-incomplete", shown(path))
    if missing:
        findings.warning("bag-to-fetch", "fetch.txt", number=len(missing))


def _look_at_oxum(
    members: Members, payload: Mapping[bytes, Mapping[str, str]], encoding: str, findings: Findings
) -> None:
    size = sum(members[path].size for path in payload)
    for name in _INFORMATION:
        text = tag_text(members, name, encoding, findings, _MOST_LISTED) if name in members else None
        for said in map(str.strip, _OXUM.findall(text or "")):
            # Numbers longer than any size is are compared as they stand; what is no number differs from each.
            if [number.lstrip("0") or "0" for number in said.split(".")] != [str(size), str(len(payload))]:
                findings.error("bag-oxum", shown(name), announced=said[:64], found=f"{size}.{len(payload)}")
