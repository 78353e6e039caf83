"""Where a source may send us: to itself and to the hosts that its configuration names, nowhere else."""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import httpx

from archive.errors import InvalidInput, SourceFailed

_USUAL: Final = {"http": 80, "https": 443}
_SAFE: Final = "/%:@!$&'()*+,;=~"


class Reach:
    """The hosts of one source. `base` is its address, `others` are named as `host` or `host:port`."""

    def __init__(self, base: str, others: Sequence[str] = ()) -> None:
        self._base = base.rstrip("/") + "/"
        self._hosts = {part.strip().lower() for part in others}
        parts = urlsplit(self._base)
        self._own = (parts.hostname, parts.port or _USUAL.get(parts.scheme))

    def allows(self, address: str) -> bool:
        """Whether an absolute address is one that the configuration names.

        Raises:
            ValueError: it is no address.
        """
        parts = urlsplit(address)
        if parts.scheme not in _USUAL or parts.hostname is None or parts.username is not None:
            return False
        port = parts.port or _USUAL[parts.scheme]
        if (parts.hostname, port) == self._own or f"{parts.hostname}:{port}" in self._hosts:
            return True
        return port in _USUAL.values() and parts.hostname in {*self._hosts, self._own[0]}

    def absolute(self, reference: str, against: str = "") -> str:
        """The address that `reference` means on a page at `against`, or on the source itself.

        Raises:
            ValueError: it means none.
        """
        parts = urlsplit(urljoin(against or self._base, reference.strip()))
        return parts._replace(path=quote(parts.path, safe=_SAFE), fragment="").geturl()

    def own_path(self, address: str) -> str:
        """An address without the source's own host, which may be called otherwise tomorrow; others as they are."""
        parts = urlsplit(address)
        own = (parts.hostname, parts.port or _USUAL.get(parts.scheme)) == self._own
        return parts._replace(scheme="", netloc="").geturl() if own else address


def shown(address: str) -> str:
    """An address as messages show it: without what stands behind the question mark, which may be a token."""
    return address.partition("?")[0]


def trusted(certificates: Path | None) -> ssl.SSLContext | bool:
    """Whose certificates are trusted: the usual authorities and those in the file `certificates`.

    Raises:
        InvalidInput: the file holds none (`source-certificates-unreadable`).
    """
    if certificates is None:
        return True
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(cafile=certificates)
    except (ssl.SSLError, OSError) as error:
        raise InvalidInput("source-certificates-unreadable", name=certificates.name, detail=str(error)) from error
    return context


_CODES: Final = {
    10: "source-certificate-expired",
    9: "source-certificate-expired",
    62: "source-certificate-host",
    64: "source-certificate-host",
}
"""Codes of OpenSSL (`X509_V_ERR_…`); all others mean that nobody we trust vouches for the certificate."""


def require_trust(error: Exception, source: str) -> None:
    """Say by name what is wrong with a certificate, where that is what `error` comes from; trying again is no use.

    Raises:
        SourceFailed: the certificate has expired, belongs to another host, is vouched for by nobody we trust, or there
            is no common protocol.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        code = _CODES.get(cause.verify_code, "source-certificate-unknown")
        raise SourceFailed(code, source=source, detail=cause.verify_message) from error
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        raise SourceFailed("source-tls", source=source, detail=cause.reason or str(cause)) from error
