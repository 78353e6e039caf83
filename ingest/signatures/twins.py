"""Which file is the detached signature of which, told by their names alone, and which may be one at all.

The national data specification of public resource trading gives documents signed twins named `…_SIGN`; elsewhere they
are `.p7s`, `.sig` and the like.
"""

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

CONTENT_MISSING = "seal-content-missing"
"""What is said of a signature in its own file as long as nobody has laid it beside its document."""

_ENDINGS = (".p7s", ".sig", ".sign", ".p7", ".pkcs7")
_TWIN = re.compile(r"(?i)(?P<stem>.+)_SIGN(?P<ending>\.[^./\\]*)?")

_OPENING = 64
_OPENINGS = (b"\x30", b"MI", b"-----BEGIN PKCS7", b"-----BEGIN CMS")
_WHITE = b" \t\r\n\0"


def may_be_signed_data(stream: BinaryIO) -> bool:
    """Whether a file begins like CMS in DER, base64 or PEM."""
    stream.seek(0)
    return stream.read(_OPENING).lstrip(_WHITE).startswith(_OPENINGS)


def twins(names: Sequence[str]) -> dict[str, str]:
    """Which of `names` is the detached signature of which: signature to document, by name alone.

    `a.pdf` has the twins `a.pdf.p7s`, `a.pdf_SIGN`, `a_SIGN.pdf`, and `a_SIGN`, `a.p7s` where only one document is
    meant. Upper and lower case are the same here, as they are to those who write such names.
    """
    known = {name.casefold(): name for name in reversed(names)}
    found: dict[str, str] = {}
    for name in names:
        document = next((known[each] for each in _candidates(name, known) if each in known), None)
        if document is not None and document != name:
            found[name] = document
    return found


def _candidates(name: str, known: dict[str, str]) -> Iterator[str]:
    """Names that the document of a signature could have, the likeliest first, folded."""
    folded = name.casefold()
    stems = [folded[: -len(ending)] for ending in _ENDINGS if folded.endswith(ending)]
    match = _TWIN.fullmatch(folded)
    if match:
        ending = match["ending"] or ""
        stems.append(match["stem"])
        yield match["stem"] + ending
        if ending in _ENDINGS:
            stems.append(match["stem"])
    for stem in stems:
        yield stem
    for stem in stems:
        documents = [each for each in known if each.startswith(stem + ".") and each != folded]
        documents = [each for each in documents if "." not in each[len(stem) + 1 :] and not each.endswith(_ENDINGS)]
        if len(documents) == 1:
            yield documents[0]
