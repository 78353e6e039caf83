"""What comes with an upload: the header `Upload-Metadata` (tus 1.0.0, creation), read and judged.

Pairs of a key and a value in base64. Known keys: `filename`, `id`, `title`, `published`, `region`, `source`, `sha256`
(of the whole file), `hints` (a JSON object), `filetype`. Others are kept with the header and mean nothing to us.
"""

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from archive.errors import InvalidInput
from ingest.connectors.moments import read_moment
from ingest.connectors.texts import hint, is_well_formed

MOST_CHARACTERS: Final = 16_384
# Both stand in indexes, which on PostgreSQL take 2,700 bytes.
_LONGEST_NAME: Final = 512
_LONGEST_ID: Final = 512
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,96}")
_UNPRINTED: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NO_NAMES: Final = frozenset({"", ".", ".."})


@dataclass(frozen=True)
class Said:
    """What the sender says of a file; "" or None where nothing was said.

    `name` is the whole name as text, `file_name` its last part, and `name_bytes` the name as it came where its text
    does not give it back.
    """

    name: str
    file_name: str
    name_bytes: bytes | None
    id: str
    title: str
    published: datetime | None
    region: str
    source: str
    sha256: str
    media_type: str
    hints: Mapping[str, object]


def read_metadata(header: str, zone: tzinfo) -> Said:
    """Read the header; moments without a zone are in `zone`.

    Raises:
        InvalidInput: it is too long or no list of pairs (`upload-metadata`), there is no name (`upload-name`), a value
            is no text (`upload-text`), the publication no moment (`upload-published`), the digest no SHA-256
            (`upload-digest`), or the hints no JSON object (`upload-hints`).
    """
    values = _values(header)
    raw = values.get("filename") or values.get("name") or b""
    name = _name(raw)
    last = re.split(r"[/\\]", name)[-1]
    file_name = "file" if last in _NO_NAMES else last
    return Said(
        name=name,
        file_name=file_name,
        name_bytes=None if file_name.encode() == raw else raw,
        id=_id(_text(values, "id")),
        title=_text(values, "title"),
        published=_published(_text(values, "published"), zone),
        region=_text(values, "region"),
        source=_text(values, "source"),
        sha256=_digest(_text(values, "sha256")),
        media_type=_media_type(values),
        hints=_hints(_text(values, "hints")),
    )


def _values(header: str) -> Mapping[str, bytes]:
    if len(header) > MOST_CHARACTERS:
        raise InvalidInput("upload-metadata", key="", most=MOST_CHARACTERS)
    values: dict[str, bytes] = {}
    for pair in header.split(","):
        key, _, encoded = pair.strip().partition(" ")
        if not key and not encoded:
            continue
        try:
            values[key] = b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidInput("upload-metadata", key=key[:64], most=MOST_CHARACTERS) from error
    return values


def _name(raw: bytes) -> str:
    """A name as text: UTF-8 or GB18030, whatever cannot be printed as U+FFFD.

    Raises:
        InvalidInput: there is none, or it is too long.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    name = _UNPRINTED.sub("\ufffd", text)
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise InvalidInput("upload-name", longest=_LONGEST_NAME)
    return name


def _text(values: Mapping[str, bytes], key: str) -> str:
    try:
        text = values.get(key, b"").decode().strip()
    except UnicodeDecodeError as error:
        raise InvalidInput("upload-text", key=key) from error
    if not is_well_formed(text):
        raise InvalidInput("upload-text", key=key)
    return text


def _id(text: str) -> str:
    if len(text) > _LONGEST_ID or _UNPRINTED.search(text):
        raise InvalidInput("upload-text", key="id")
    return text


def _published(text: str, zone: tzinfo) -> datetime | None:
    moment = read_moment(text, zone) if text else None
    if text and moment is None:
        raise InvalidInput("upload-published", value=text[:64])
    return moment


def _digest(text: str) -> str:
    if text and not _SHA256.fullmatch(text.lower()):
        raise InvalidInput("upload-digest")
    return text.lower()


def _media_type(values: Mapping[str, bytes]) -> str:
    """A hint only, never a reason to refuse: browsers say what they like, or nothing."""
    text = (values.get("filetype") or values.get("type") or b"").decode("ascii", "replace").strip()
    return text.lower() if _MEDIA_TYPE.fullmatch(text) else ""


def _hints(text: str) -> Mapping[str, object]:
    if not text:
        return {}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("upload-hints") from error
    if not isinstance(said, dict):
        raise InvalidInput("upload-hints")
    read = {key: hint(value) for key, value in said.items() if is_well_formed(key)}
    return {key: value for key, value in read.items() if value}
