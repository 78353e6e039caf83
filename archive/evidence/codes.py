"""Every finding of the verifier: its code and how grave it is. The sentences are in the message catalogue.

Each code has a bad bundle in `tests/tamper` that yields it and nothing else.
"""

from collections.abc import Mapping
from types import MappingProxyType

from archive.ledger.types import Finding, Severity
from archive.messages import Language, render

_ERRORS = (
    "bundle.unreadable",
    "bundle.not-a-bundle",
    "limit.entries",
    "limit.name",
    "limit.size",
    "container.not-canonical",
    "container.truncated",
    "container.trailing-bytes",
    "container.checksum-wrong",
    "container.duplicate-name",
    "container.name-unsafe",
    "container.order-wrong",
    "trust.missing",
    "trust.unreadable",
    "manifest.missing",
    "manifest.not-canonical",
    "manifest.malformed",
    "manifest.changed",
    "checkpoint.malformed",
    "checkpoint.origin-wrong",
    "checkpoint.key-unknown",
    "checkpoint.signature-wrong",
    "checkpoint.signature-repeated",
    "checkpoint.signature-unknown",
    "proof.missing",
    "proof.malformed",
    "proof.not-in-order",
    "proof.unexpected",
    "proof.inclusion-wrong",
    "proof.not-for-manifest",
    "file.missing",
    "file.unexpected",
    "file.changed",
    "file.swapped",
    "ledger.extract-cut",
    "ledger.extract-extra",
    "ledger.entry-changed",
    "record.digest-not-in-ledger",
)
_WARNINGS = ("digest.sm3-unavailable",)

CODES: Mapping[str, Severity] = MappingProxyType(
    dict.fromkeys(_ERRORS, Severity.ERROR) | dict.fromkeys(_WARNINGS, Severity.WARNING)
)
LIMITS = frozenset({"limit.entries", "limit.name", "limit.size"})
NOT_A_BUNDLE = frozenset({"bundle.unreadable", "bundle.not-a-bundle"})


def finding(code: str, path: str, language: Language, **params: object) -> Finding:
    """The finding `code` about `path`, in words.

    Paths and parameters come from the file that is examined: whatever could speak to a terminal is escaped.
    """
    words = {name: printable(value) if isinstance(value, str) else value for name, value in params.items()}
    path = printable(path)
    return Finding(code, CODES[code], render(code, {"path": path, **words}, language), path)


def printable(text: str) -> str:
    r"""`text` on one line and without power over what shows it.

    Control characters, line ends, characters that turn the direction of writing (Unicode Bidi_Control) and everything
    else that is not printed stand as `\x1b` or `\u202e`.
    """
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
