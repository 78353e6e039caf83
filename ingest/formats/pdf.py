"""PDF looked into: structure, conformance, encryption, what runs, what is hidden.

qpdf (inside pikepdf) is the judge of structure. Nothing is rendered and nothing is unpacked before it has been weighed.
"""

import contextlib
import io
import re
import zlib
from dataclasses import replace
from typing import Any, BinaryIO, Final

import pikepdf

from archive.errors import InvalidInput
from ingest.formats.inspection import CLAIM_NOT_VALIDATED, Aspect, Inspection
from ingest.formats.limits import Limits
from ingest.formats.pdf_edges import Edges, edges
from ingest.formats.pdf_objects import Seen, pages_of
from ingest.formats.pdf_pages import page_tree
from ingest.formats.pdf_weighing import BROKEN, Unfolding, bound_qpdf, is_form, packs_without_measure, weigh
from ingest.outcomes import Observation, Outcome

TOOL: Final = f"pikepdf {pikepdf.__version__}, qpdf {pikepdf.__libqpdf_version__}"

# What a file may hold in all before the rest of its streams is left unweighed: half a minute of inflating, and more
# than a book of colour scans.
_MOST_INFLATED = 2 << 30
_MOST_TOLD = 100
_XMP_LIMIT = 1 << 20
_PDFA = re.compile(rb"pdfaid:(part|conformance)(?:[^<>]{0,200}>|\s*=\s*[\"'])\s*([0-9A-Za-z])")
_UNKNOWN_LOCK = re.compile(r"encrypt|password|security handler", re.IGNORECASE)


def inspect(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    """What a PDF shows under every aspect, whatever state it is in. The stream is left open, wherever it then stands.

    A document that does not open, or is a bomb, fails under `structure`; what could not be looked for in it is
    `not_checked` for the same reason, and what its bare bytes show is told all the same.

    Raises:
        InvalidInput: `file-unreadable`, the stream itself fails.
    """
    try:
        around = edges(stream)
        stream.seek(0)
    except (OSError, ValueError) as error:
        raise InvalidInput("file-unreadable") from error
    bound_qpdf(limits)
    try:
        with pikepdf.open(stream, suppress_warnings=True) as document:
            return _Document(document, limits, around).inspections()
    except pikepdf.PasswordError:
        return _locked(around)
    except InvalidInput as error:
        return _unopened(Observation(error.code, error.params), around)
    except BROKEN as error:
        return _not_opened(error, stream, limits, around)


class _Document:
    """A document that opens, under inspection."""

    def __init__(self, document: pikepdf.Pdf, limits: Limits, around: Edges) -> None:
        self._document = document
        self._limits = limits
        self._around = around
        self._seen = Seen()
        self._structure: list[Observation] = []
        self._unchecked: list[Observation] = []

    def inspections(self) -> tuple[Inspection, ...]:
        """Everything, the structure first.

        Raises:
            InvalidInput: `pdf-bomb`, `pdf-page-loop`, `pdf-too-many-pages`, `file-damaged`.
        """
        self._count_pages()
        self._walk()
        # Last, because qpdf repairs while it is being asked.
        if self._document.get_warnings() or not self._around.ends:
            truncated = bool(self._document.get_warnings()) and not self._around.ends
            self._structure.insert(0, Observation("file-truncated" if truncated else "file-repaired"))
        lock = [Observation("pdf-restricted")] if self._document.is_encrypted else []
        return (
            self._judged_structure(),
            self._conformance(locked=bool(lock)),
            _judged(Aspect.LOCKED, lock),
            _judged(Aspect.ACTIVE, self._placed(self._seen.active), self._unchecked),
            self._concealment(),
        )

    def _judged_structure(self) -> Inspection:
        judged = _judged(Aspect.STRUCTURE, self._structure, self._unchecked)
        if not self._document.is_linearized or self._document.check_linearization(io.StringIO()):
            return judged
        # Nothing but the order for slow networks is wrong: whoever adds to a document without rewriting it does this.
        told = (*judged.observations, Observation("pdf-linearization"))
        return replace(judged, observations=told)

    def _count_pages(self) -> None:
        tree = page_tree(self._document)
        if not tree.pages:
            raise InvalidInput("file-damaged", detail="no page")
        if tree.claimed != tree.pages:
            params = {"claimed": tree.claimed or 0, "counted": tree.pages}
            self._structure.append(Observation("pdf-page-count", params))

    def _walk(self) -> None:
        """Look at every object once.

        Raises:
            InvalidInput: `pdf-bomb`.
        """
        inflated = 0
        forms = many = len(self._document.objects) > self._limits.objects
        for _, item in zip(range(self._limits.objects), self._document.objects, strict=False):
            if isinstance(item, pikepdf.Stream):
                inflated += self._weighed(item, heavy=inflated > _MOST_INFLATED)
                forms = forms or is_form(item)
            if isinstance(item, pikepdf.Object):
                self._seen.look(item)
        if forms:
            Unfolding(self._limits).weigh(self._document)
        if many or inflated > _MOST_INFLATED or not self._seen.all_seen:
            self._unchecked.append(Observation("objects-unchecked"))

    def _weighed(self, item: Any, *, heavy: bool) -> int:
        if heavy:
            return 0
        weight = weigh(item, self._limits)
        if not weight.sound:
            self._structure.append(Observation("pdf-stream-damaged", {}, _place(item)))
        return weight.inflated

    def _conformance(self, *, locked: bool) -> Inspection:
        """What is claimed, and what stands against the claim. Only a validator can say more."""
        claimed = _claimed(self._document)
        if not claimed:
            absent = (Observation("pdfa-not-claimed"),)
            return Inspection(Aspect.CONFORMANCE, Outcome.NOT_APPLICABLE, TOOL, absent)
        against = [Observation(CLAIM_NOT_VALIDATED, {"level": claimed})]
        if locked:
            against.append(Observation("pdf-restricted"))
        if self._seen.unembedded_fonts:
            against.append(Observation("pdf-fonts-not-embedded", {"count": self._seen.unembedded_fonts}))
        if not self._seen.output_intent:
            against.append(Observation("pdf-no-output-intent"))
        against += [item for item in self._seen.active if item.code == "pdf-javascript"][:1]
        return Inspection(Aspect.CONFORMANCE, Outcome.NOT_CHECKED, TOOL, tuple(against))

    def _concealment(self) -> Inspection:
        concealed = self._around.observations() + self._placed(self._seen.concealed)
        hidden = [item for item in concealed if item.code != "pdf-hidden-layers"]
        told = [item for item in concealed if item.code == "pdf-hidden-layers"]
        if self._around.updates:
            told.append(Observation("pdf-earlier-versions", {"count": self._around.updates}))
        judged = _judged(Aspect.CONCEALED, hidden, self._unchecked)
        return replace(judged, observations=(*judged.observations, *told))

    def _placed(self, found: list[Observation]) -> list[Observation]:
        """With pages beside object numbers, once the pages are known to be there."""
        if not found:
            return found
        try:
            pages = pages_of(self._document, {item.place for item in found}, self._limits.pages)
        except BROKEN:
            return found
        return [Observation(item.code, item.params, pages.get(item.place, item.place)) for item in found]


def _judged(aspect: Aspect, wrong: list[Observation], unchecked: list[Observation] | None = None) -> Inspection:
    """Anything wrong fails; nothing wrong in what was seen passes only where all was seen."""
    if wrong:
        return Inspection(aspect, Outcome.FAIL, TOOL, tuple(wrong[:_MOST_TOLD]), min(len(wrong), _MOST_TOLD))
    if unchecked:
        return Inspection(aspect, Outcome.NOT_CHECKED, TOOL, tuple(unchecked))
    return Inspection(aspect, Outcome.PASS, TOOL)


def _locked(around: Edges) -> tuple[Inspection, ...]:
    """A document that nobody opens without a password or a key."""
    reason = Observation("file-encrypted")
    return (
        Inspection(Aspect.STRUCTURE, Outcome.NOT_CHECKED, TOOL, (reason,)),
        Inspection(Aspect.CONFORMANCE, Outcome.NOT_CHECKED, TOOL, (reason,)),
        Inspection(Aspect.LOCKED, Outcome.FAIL, TOOL, (reason,)),
        Inspection(Aspect.ACTIVE, Outcome.NOT_CHECKED, TOOL, (reason,)),
        _judged(Aspect.CONCEALED, around.observations(), [reason]),
    )


def _not_opened(error: Exception, stream: BinaryIO, limits: Limits, around: Edges) -> tuple[Inspection, ...]:
    """What qpdf refuses, in our words. It says in a sentence only why."""
    said = str(error)
    if _UNKNOWN_LOCK.search(said):
        return _locked(around)
    if "memory limit" in said or packs_without_measure(stream, limits):
        return _unopened(Observation("pdf-bomb", {"limit": limits.stream_bytes}), around)
    if "Loop detected in /Pages" in said:
        return _unopened(Observation("pdf-page-loop"), around)
    return _unopened(Observation("file-damaged" if around.ends else "file-truncated", {"detail": "pdf"}), around)


def _unopened(reason: Observation, around: Edges) -> tuple[Inspection, ...]:
    """A document that is broken beyond repair, or that must not be unpacked."""
    return (
        Inspection(Aspect.STRUCTURE, Outcome.FAIL, TOOL, (reason,)),
        Inspection(Aspect.CONFORMANCE, Outcome.NOT_CHECKED, TOOL, (reason,)),
        Inspection(Aspect.LOCKED, Outcome.NOT_CHECKED, TOOL, (reason,)),
        Inspection(Aspect.ACTIVE, Outcome.NOT_CHECKED, TOOL, (reason,)),
        _judged(Aspect.CONCEALED, around.observations(), [reason]),
    )


def _claimed(document: pikepdf.Pdf) -> str:
    """The level of PDF/A that the metadata claim, such as `2B`, "" for none."""
    with contextlib.suppress(zlib.error, *BROKEN):
        described = document.Root.get("/Metadata")
        if isinstance(described, pikepdf.Stream):
            raw = described.read_raw_bytes()
            plain = zlib.decompressobj().decompress(raw, _XMP_LIMIT) if "/Filter" in described else raw[:_XMP_LIMIT]
            parts: dict[bytes, bytes] = dict(_PDFA.findall(plain))
            return (parts.get(b"part", b"") + parts.get(b"conformance", b"")).decode("ascii").upper()
    return ""


def _place(item: Any) -> str:
    return f"object {item.objgen[0]} {item.objgen[1]}"
