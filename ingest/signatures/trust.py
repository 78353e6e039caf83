"""A trust list as data: a folder that people maintain, and JSON that crosses into a bounded process.

The folder holds `trust.toml` and the files of four kinds, each in a folder of its own:

    trust.toml              version = "2026-11"
    anchors/*               root certificates, PEM (also several in one file) or DER
    intermediates/*         certificates that help to find a path
    revocations/*           lists of revoked certificates (CRL)
    answers/*               answers of OCSP responders, DER

A list that is broken in one place is refused as a whole: half a list would turn a revoked certificate into a good one.
"""

import base64
import binascii
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from asn1crypto import crl, ocsp, pem, x509
from asn1crypto.core import Asn1Value

from archive.errors import InvalidInput
from ingest.signatures.types import TrustList

_DESCRIPTION = "trust.toml"
_KINDS: Mapping[str, type[Asn1Value]] = {
    "anchors": x509.Certificate,
    "intermediates": x509.Certificate,
    "revocations": crl.CertificateList,
    "answers": ocsp.OCSPResponse,
}
_FILE_LIMIT = 32 << 20  # revocation lists of large authorities reach some megabytes
_FILES_LIMIT = 2_000
_BROKEN_ASN1 = (ValueError, TypeError, KeyError, OverflowError, RecursionError)


def read_folder(folder: Path) -> TrustList:
    """The trust list kept in `folder`.

    Raises:
        InvalidInput: `trust-list-incomplete` (no folder, no description, no version), `trust-list-unreadable` (a file
            that is not what its folder says).
    """
    version = _version(folder / _DESCRIPTION)
    return TrustList(version, **{kind: tuple(_kept(folder / kind, form)) for kind, form in _KINDS.items()})


def to_json(trust: TrustList) -> str:
    """The list as JSON, everything in base64 of DER."""
    content = {kind: [base64.b64encode(der).decode("ascii") for der in getattr(trust, kind)] for kind in _KINDS}
    return json.dumps({"version": trust.version, **content})


def from_json(text: str) -> TrustList:
    """The list that `to_json` wrote.

    Raises:
        InvalidInput: `trust-list-unreadable`.
    """
    try:
        content = json.loads(text)
        parts = {kind: tuple(base64.b64decode(each, validate=True) for each in content[kind]) for kind in _KINDS}
        return TrustList(str(content["version"]), **parts)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise InvalidInput("trust-list-unreadable", file="JSON", detail=type(error).__name__) from error


def _version(description: Path) -> str:
    try:
        content = tomllib.loads(description.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InvalidInput("trust-list-incomplete", missing=_DESCRIPTION) from error
    except (OSError, ValueError) as error:
        raise InvalidInput("trust-list-unreadable", file=_DESCRIPTION, detail=type(error).__name__) from error
    version = content.get("version")
    if not isinstance(version, str) or not version.strip():
        raise InvalidInput("trust-list-incomplete", missing="version")
    return version


def _kept(folder: Path, form: type[Asn1Value]) -> list[bytes]:
    """Everything in one folder of the list, in the order of its names; a folder that is not there holds nothing."""
    if not folder.is_dir():
        return []
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if len(files) > _FILES_LIMIT:
        raise InvalidInput("trust-list-unreadable", file=folder.name, detail=f"> {_FILES_LIMIT}")
    return [der for path in files for der in _ders(path, form)]


def _ders(path: Path, form: type[Asn1Value]) -> list[bytes]:
    try:
        if path.stat().st_size > _FILE_LIMIT:
            raise InvalidInput("trust-list-unreadable", file=path.name, detail=f"> {_FILE_LIMIT}")
        content = path.read_bytes()
        ders = [der for _, _, der in pem.unarmor(content, multiple=True)] if pem.detect(content) else [content]
        for der in ders:
            # `native` walks the whole value: what cannot be walked now would fail in the middle of a verdict.
            _ = form.load(der, strict=True).native
    except (OSError, *_BROKEN_ASN1) as error:
        raise InvalidInput("trust-list-unreadable", file=path.name, detail=type(error).__name__) from error
    if not ders:
        raise InvalidInput("trust-list-unreadable", file=path.name, detail="empty")
    return ders
