"""The lists and descriptions of signatures in an OFD file (GB/T 33190-2016, clause 18)."""

import base64
import binascii
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from lxml import etree

from archive.errors import InvalidInput
from ingest.extractors.gathering import small_xml
from ingest.formats.containers import Container

MOST_SIGNATURES = 200
MOST_REFERENCES = 20_000
# The schema of GB/T 33190-2016 (annex A) lets a description leave the method out and takes MD5 for it.
_DEFAULT_METHOD = "MD5"
# Times without a zone are those of China, which has one zone.
_CHINA = timezone(timedelta(hours=8))
_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")


@dataclass(frozen=True)
class Reference:
    """A file that was signed: the part of the container, and its digest, None where that is not readable."""

    part: str
    digest: bytes | None


@dataclass(frozen=True)
class Sheet:
    """The description of one signature, `Signature.xml`.

    `content` is the file itself, whose digest is signed. `method` is the digest of the references as the file names it.
    `value` is the part that holds the signature, `seal` that of the seal, "" where none is named. `time` is when it was
    signed, by the file's own account.
    """

    part: str
    content: bytes
    method: str
    references: tuple[Reference, ...]
    value: str
    seal: str
    time: datetime | None


@dataclass(frozen=True)
class Listed:
    """Where the signatures of a file are: parts of the lists, and of the descriptions they name, in order."""

    lists: tuple[str, ...]
    sheets: tuple[str, ...]


def listed(container: Container) -> Listed:
    """The signatures that `OFD.xml` and the lists it names tell of.

    Raises:
        InvalidInput: `ofd-signatures-too-many`; `file-damaged` where a list is missing or not well-formed.
    """
    root = small_xml(container.read("OFD.xml"))
    lists = [
        located(container, "OFD.xml", text) for text in map(_text, root.iterfind("{*}DocBody/{*}Signatures")) if text
    ]
    sheets: list[str] = []
    for part in dict.fromkeys(lists):
        for entry in small_xml(container.read(part)).iterfind("{*}Signature"):
            sheets.append(located(container, part, entry.get("BaseLoc", "")))
            if len(sheets) > MOST_SIGNATURES:
                raise InvalidInput("ofd-signatures-too-many", limit=MOST_SIGNATURES)
    return Listed(tuple(dict.fromkeys(lists)), tuple(dict.fromkeys(sheets)))


def read_sheet(container: Container, part: str) -> Sheet:
    """Read the description of one signature.

    Raises:
        InvalidInput: `file-damaged`, it is missing or not well-formed; `seal-structure-unknown`, it is not built as
            the standard says; `ofd-references-too-many`.
    """
    content = container.read(part)
    root = small_xml(content)
    information = _only(root, "SignedInfo")
    references = _only(information, "References")
    seal = information.findtext("{*}Seal/{*}BaseLoc") or ""
    return Sheet(
        part=part,
        content=content,
        method=references.get("CheckMethod", _DEFAULT_METHOD).strip(),
        references=tuple(_references(container, part, references)),
        value=located(container, part, _text(_only(root, "SignedValue"))),
        seal=located(container, part, seal) if seal.strip() else "",
        time=_moment(information.findtext("{*}SignatureDateTime") or ""),
    )


def located(container: Container, part: str, location: str) -> str:
    """The part that `location` in `part` names (ST_Loc, 7.3).

    Absolute, or relative to the folder of `part`. Some writers leave out the first slash of an absolute one, which
    counts where the relative part does not exist.
    """
    plain = location.strip().replace("\\", "/")
    relative = _normal(posixpath.join("/", posixpath.dirname(part), plain))
    absolute = _normal(posixpath.join("/", plain))
    return absolute if relative not in container and absolute in container else relative


def _normal(path: str) -> str:
    return posixpath.normpath(path).lstrip("/")


def _references(container: Container, part: str, parent: etree._Element) -> Iterator[Reference]:
    for count, element in enumerate(parent.iterfind("{*}Reference")):
        if count >= MOST_REFERENCES:
            raise InvalidInput("ofd-references-too-many", limit=MOST_REFERENCES)
        try:
            digest = base64.b64decode("".join((element.findtext("{*}CheckValue") or "").split()), validate=True)
        except (binascii.Error, ValueError):
            digest = None
        yield Reference(located(container, part, element.get("FileRef", "")), digest)


def _only(parent: etree._Element, name: str) -> etree._Element:
    """The one child of that name: a second one could be read by others instead of the first."""
    found = parent.findall(f"{{*}}{name}")
    if len(found) != 1:
        raise InvalidInput("seal-structure-unknown", part=name)
    return found[0]


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()


def _moment(text: str) -> datetime | None:
    """The time of signing, which writers give in several forms, some with a Z after the time of China."""
    plain = text.strip().rstrip("Z").split(".")[0]
    for form in _MOMENTS:
        try:
            return datetime.strptime(plain, form).replace(tzinfo=_CHINA)
        except ValueError:
            continue
    return None
