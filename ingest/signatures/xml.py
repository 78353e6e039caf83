"""XML signatures (W3C XML Signature 1.1), enveloped, enveloping, or beside what they sign in the same file.

Nothing outside the file is ever fetched. What a signature covers is told by its references, since a signature that
holds says nothing of elements that it does not cover; an identifier that stands twice covers nothing for certain, which
is how signatures are wrapped around forgeries.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import BinaryIO

from lxml import etree

from archive.errors import InvalidInput
from ingest.outcomes import Observation
from ingest.signatures.cms import Judging, unjudged
from ingest.signatures.quiet import quietly
from ingest.signatures.types import Coverage, Judged, Kind, Signature, TrustList
from ingest.signatures.xml_verifier import DSIG, judge_element, unknown_method

LIMIT = 200
_SIZE_LIMIT = 32 << 20
# In whichever namespace, as the library resolves references: another reading of them is how forgeries are wrapped.
_ID_NAMES = frozenset({"Id", "ID", "id"})
_BASE64 = f"{DSIG}base64"
_SIGNING_TIME = "{*}SigningTime"  # XAdES, in whichever of its namespaces (ETSI EN 319 132-1, 5.2.1)
_MARK = b"SignatureValue"


@quietly()
def verify(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    """Every `ds:Signature` of the file, in its order; a file that is not well-formed XML has none that could hold.

    Raises:
        InvalidInput: `signatures-unreadable`: there are traces of a signature in what is no XML, or in too much of it.
    """
    stream.seek(0)
    content = stream.read(_SIZE_LIMIT + 1)
    root = _parsed(content)
    if root is None:
        return ()
    elements = list(root.iter(f"{{{DSIG}}}Signature"))
    if not elements:
        return ()
    if root.getroottree().docinfo.internalDTD is not None or next(root.iter(etree.Entity), None) is not None:
        return (_signature("", unjudged("signature-xml-doctype"), Coverage.UNCLEAR, ()),)
    if _is_instructed(root):
        return (_signature("", unjudged("signature-xml-instruction"), Coverage.UNCLEAR, ()),)
    judging = Judging(trust, at)
    names = Counter(name for element in root.iter(etree.Element) for name in _names(element))
    found = tuple(_judged(root, number, element, names, judging) for number, element in enumerate(elements[:LIMIT]))
    if len(elements) > LIMIT:
        found += (_signature("", unjudged("signatures-too-many", limit=LIMIT), Coverage.UNCLEAR, ()),)
    return found


def _parsed(content: bytes) -> etree._Element | None:
    """The root element; None where the file is no XML and shows no trace of a signature."""
    if len(content) > _SIZE_LIMIT:
        raise InvalidInput("signatures-unreadable", detail=f"> {_SIZE_LIMIT}")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if _MARK in content:
            raise InvalidInput("signatures-unreadable", detail="XML") from error
        return None


def _is_instructed(root: etree._Element) -> bool:
    """Whether instructions stand beside the root, such as a style sheet that decides what people see.

    The library leaves them out of what is signed, the standard does not (Canonical XML 1.1, 2.1).
    """
    beside = (*root.itersiblings(preceding=True), *root.itersiblings())
    return any(callable(each.tag) and each.tag is not etree.Comment for each in beside)


def _names(element: etree._Element) -> list[str]:
    return [str(value) for name, value in element.attrib.items() if etree.QName(name).localname in _ID_NAMES]


def _judged(
    root: etree._Element, number: int, element: etree._Element, names: Counter[str], judging: Judging
) -> Signature:
    place = root.getroottree().getpath(element)
    references = list(element.iterfind(f"./{{{DSIG}}}SignedInfo/{{{DSIG}}}Reference"))
    targets = [str(each.get("URI", "")) for each in references]
    if any(uri and not uri.startswith("#") for uri in targets):
        return _signature(place, unjudged("signature-reference-outside"), Coverage.UNCLEAR, ())
    if any(names[uri[1:]] != 1 or uri.startswith("##") for uri in targets if uri):
        return _signature(place, unjudged("signature-reference-ambiguous"), Coverage.UNCLEAR, ())
    method = unknown_method(element)
    if method is not None:
        return _signature(place, unjudged("signature-method-unknown", method=method), Coverage.UNCLEAR, ())
    coverage, seen = _coverage(root, element, references)
    judged = judge_element(root, number, element, replace(judging, claimed=_claimed(element)))
    return _signature(place, judged, coverage, seen)


def _signature(place: str, judged: Judged, coverage: Coverage, seen: tuple[Observation, ...]) -> Signature:
    return judged.carried(Kind.XML, place, coverage, seen)


def _coverage(
    root: etree._Element, signature: etree._Element, references: list[etree._Element]
) -> tuple[Coverage, tuple[Observation, ...]]:
    """The whole file where the root is referred to, or everything in a signature that is the root itself."""
    covered = [_covered(root, each) for each in references]
    if any(element is root for element in covered):
        return Coverage.ENTIRE_FILE, ()
    if signature is root and _holds(signature, covered):
        return Coverage.ENTIRE_FILE, ()
    tree = root.getroottree()
    places = [tree.getpath(element) for element in covered if element is not None]
    return Coverage.PARTIAL, tuple(Observation("signature-covers-element", {"element": each}) for each in places[:20])


def _covered(root: etree._Element, reference: etree._Element) -> etree._Element | None:
    """The element that a reference signs, None where it signs the text of an element and not what else is in it."""
    uri = str(reference.get("URI", ""))
    element = root if not uri else _named(root, uri[1:])
    of_text = any(each.get("Algorithm") == _BASE64 for each in reference.iter(f"{{{DSIG}}}Transform"))
    return None if of_text and element is not None and len(element) else element


def _holds(signature: etree._Element, covered: list[etree._Element | None]) -> bool:
    """Whether every object in a signature is covered, so that it signs all that it envelops."""
    objects = list(signature.iterfind(f"./{{{DSIG}}}Object"))
    return bool(objects) and all(any(each is element for element in covered) for each in objects)


def _named(root: etree._Element, name: str) -> etree._Element | None:
    return next((element for element in root.iter(etree.Element) if name in _names(element)), None)


def _claimed(signature: etree._Element) -> datetime | None:
    element = next(signature.iter(_SIGNING_TIME), None)
    try:
        moment = datetime.fromisoformat((element.text or "").strip()) if element is not None else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)
