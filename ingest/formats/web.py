"""Web pages, plain text and mail: what runs or loads in them, and characters that make them read otherwise.

A page that a portal published runs scripts and loads pictures, and that alone makes nobody suspicious of it: it is
told and passes. Nothing of it is ever run, and what readers are shown has been made safe (`ingest.formats.html`).
"""

import codecs
import email
import email.policy
import re
from collections import Counter
from collections.abc import Mapping
from email.errors import MessageError
from typing import Any, BinaryIO, Final, cast

from lxml import etree

from archive.errors import InvalidInput
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.limits import Limits
from ingest.formats.written import Written

TOOL: Final = f"lxml {etree.__version__}"

_STEP = 1 << 16
_MOST_TEXT = 256 << 20
_MOST_MAIL = 64 << 20
_MOST_PARTS = 1_000
_RUNNING = frozenset({"script", "iframe", "object", "embed", "applet", "frame"})
_LOADING = frozenset({"img", "link", "audio", "video", "source", "track", "input"})
_AWAY = re.compile(r"\s*(?:https?:|ftp:|//)", re.IGNORECASE)
# A page that leaves for another by itself (HTML, 4.2.5.3: the pragma "refresh").
_REFRESH = re.compile(r"[\s\d.,;]*url\s*=\s*\S|[\s\d.]+[;,]\s*\S", re.IGNORECASE)
_RUNS = re.compile(r"\s*(?:javascript|vbscript|data:text/html)\s*:?", re.IGNORECASE)
# Unicode characters that turn the direction of what follows, so that a name reads as another (UTR 36, 2.1).
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f]")


def inspect_page(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    """A web page, in whatever state: readers accept any."""
    findings = Findings(TOOL)
    stream.seek(0)
    page = _Page(limits.elements)
    parser = etree.HTMLParser(target=cast("Any", page), huge_tree=True, no_network=True)
    try:
        while piece := stream.read(_STEP):
            parser.feed(piece)
        parser.close()
    except InvalidInput as error:
        findings.leave(Aspect.ACTIVE, error.code)
    except (etree.LxmlError, ValueError, LookupError):
        # No element at all, or bytes that are no characters: a fragment of text that is shown as it stands.
        findings.note(Aspect.STRUCTURE, "page-repaired")
    page.tell(findings)
    return findings.conclude()


class _Page:
    """Counts what runs and what loads."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._running: Counter[str] = Counter()
        self._loading: Counter[str] = Counter()
        self._forms = self._refreshes = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._left -= 1
        if self._left < 0:
            raise InvalidInput("xml-too-many-elements")
        links = [attributes.get(key, "") for key in ("href", "src", "action", "data", "formaction")]
        if tag in _RUNNING:
            self._running[tag] += 1
        elif any(key.startswith("on") for key in attributes) or any(_RUNS.match(link) for link in links):
            self._running["event"] += 1
        elif tag in _LOADING and any(_AWAY.match(link) for link in links):
            self._loading[tag] += 1
        self._forms += tag == "form"
        if tag == "meta" and attributes.get("http-equiv", "").strip().lower() == "refresh":
            self._refreshes += _REFRESH.match(attributes.get("content", "")) is not None

    def end(self, tag: str) -> None:
        """An element that ends loads nothing more."""

    def data(self, text: str) -> None:
        """Words do not run."""

    def comment(self, text: str) -> None:
        """Neither do comments."""

    def close(self) -> None:
        return None

    def tell(self, findings: Findings) -> None:
        """Say what was met, kind by kind."""
        for kind, count in sorted(self._running.items()):
            findings.note(Aspect.ACTIVE, "page-active", kind, count=count)
        for kind, count in sorted(self._loading.items()):
            findings.note(Aspect.ACTIVE, "page-loads", kind, count=count)
        if self._refreshes:
            findings.note(Aspect.ACTIVE, "page-redirects", count=self._refreshes)
        if self._forms:
            findings.note(Aspect.ACTIVE, "page-form", count=self._forms)


def inspect_text(stream: BinaryIO) -> tuple[Inspection, ...]:
    """Text in UTF-8, GB18030 or UTF-16 with a mark."""
    findings = Findings("text")
    size = stream.seek(0, 2)
    stream.seek(0)
    first = stream.read(4)
    wide = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = ("utf-16",) if wide else ("utf-8", "gb18030")
    if size > _MOST_TEXT:
        findings.leave(Aspect.STRUCTURE, "parts-unchecked")
    elif not any(_reads(stream, encoding, findings) for encoding in encodings):
        findings.fail(Aspect.STRUCTURE, "text-undecodable")
    return findings.conclude()


def _reads(stream: BinaryIO, encoding: str, findings: Findings) -> bool:
    """Whether all of it is text in `encoding`; what is strange in it is told only then."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    turning = controls = 0
    written = Written()
    try:
        while piece := stream.read(_STEP):
            text = decoder.decode(piece)
            turning += len(_TURNING.findall(text))
            controls += len(_CONTROLS.findall(text))
            written.feed(text)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    written.tell(findings)
    if turning:
        findings.note(Aspect.CONCEALED, "text-turned", count=turning)
    if controls:
        findings.note(Aspect.STRUCTURE, "text-controls", count=controls)
    return True


def inspect_mail(stream: BinaryIO) -> tuple[Inspection, ...]:
    """A message (RFC 5322) or a page saved as one (MHTML): its parts by kind."""
    findings = Findings("email")
    stream.seek(0)
    content = stream.read(_MOST_MAIL + 1)
    if len(content) > _MOST_MAIL:
        for aspect in (Aspect.STRUCTURE, Aspect.ACTIVE, Aspect.CONCEALED):
            findings.leave(aspect, "parts-unchecked")
        return findings.conclude()
    try:
        message = email.message_from_bytes(content, policy=email.policy.compat32)
        parts = [part for part, _ in zip(message.walk(), range(_MOST_PARTS), strict=False)]
    except (MessageError, ValueError, LookupError, RecursionError):
        findings.give_up(InvalidInput("file-damaged", detail="mail"))
        return findings.conclude()
    if len(parts) == _MOST_PARTS:
        findings.leave(Aspect.CONCEALED, "parts-unchecked")
    for part in parts:
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment":
            findings.fail(Aspect.CONCEALED, "mail-attachment", kind[:80])
            findings.leave(Aspect.ACTIVE, "archive-members-unchecked")
        if kind in {"application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"}:
            findings.leave(Aspect.LOCKED, "mail-wrapped", kind)
        payload = part.get_payload(decode=True)
        if kind == "text/html" and isinstance(payload, bytes) and b"<script" in payload.lower():
            findings.note(Aspect.ACTIVE, "page-active", "script", count=1)
    return findings.conclude()
