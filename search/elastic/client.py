"""The door to the library: a client for one index, and each of its errors as one of ours.

No message holds what a document or a question says: of an error of the server only its type is kept.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from elastic_transport import Transport, TransportApiResponse
from elasticsearch import ApiError, Elasticsearch, TransportError, UnsupportedProductError

from archive.errors import ArchiveError, Damaged, InvalidInput, Unavailable
from archive.servers import Described, Lack
from search.elastic.address import Address

_SECONDS = 30.0
_FINE = 200
_RETRIES = 2
_RETRIED = (502, 503, 504)
_BLOCKED = "cluster_block_exception"
_TOO_BROAD = ("too_many_clauses", "too_many_nested_clauses", "too many terms")
_OTHER_RELEASE = "media_type_header_exception"


class Server:
    """One index of one server. Connections are made when they are needed and made again when they are gone."""

    def __init__(self, address: Address) -> None:
        if address.authority is not None and not address.authority.is_file():
            raise InvalidInput("search-authority", path=address.authority)
        self.address = address
        self.path = address.path
        options: dict[str, Any] = {"ca_certs": str(address.authority)} if address.authority else {}
        host = {"scheme": "https" if address.secure else "http", "host": address.host, "port": address.port}
        self._client = Elasticsearch(
            [host],
            basic_auth=address.login,
            request_timeout=_SECONDS,
            max_retries=_RETRIES,
            retry_on_status=_RETRIED,
            retry_backoff_base=0.2,
            retry_backoff_cap=1.0,
            transport_class=_Release8 if address.release == 8 else Transport,
            **options,
        )

    @contextmanager
    def asked(self, *expected: int, seconds: float = _SECONDS, retries: int = _RETRIES) -> Iterator[Elasticsearch]:
        """The client, for one request. Answers with one of the `expected` statuses are answers like any other.

        Raises:
            Unavailable: the server does not answer, fails, refuses the login, is too busy, is no Elasticsearch of the
                release in the address, or the index is blocked (`search-index-locked`).
            InvalidInput: a question expands to more than the server looks for at once.
            Damaged: it answers what it should not, such as that the index is gone.
        """
        try:
            yield self._client.options(ignore_status=expected, request_timeout=seconds, max_retries=retries)
        except ApiError as error:
            raise self._of_answer(error) from error
        except TransportError as error:
            raise Unavailable("search-unavailable", path=self.path, detail=_cause(error)) from error

    def describe(self) -> Described:
        """What the server is. One that lets us use our indexes only keeps its version to itself.

        Raises:
            Unavailable: it does not answer, or refuses the login.
        """
        with self.asked(403) as client:
            health = client.cluster.health()
        with self.asked(403) as client:
            nodes = client.nodes.info(node_id="_local", metric="os", filter_path="nodes.*.version")
        versions = [node["version"] for node in nodes.body.get("nodes", {}).values()]
        lacks = [] if self.address.login else [Lack("server-open")]
        if health.meta.status == _FINE:
            if health["status"] not in {"green", "yellow"}:
                lacks.append(Lack("server-health", {"status": health["status"]}, fatal=True))
            if health["number_of_nodes"] == 1:
                lacks.append(Lack("server-one-node"))
        return Described(self.path, "".join(versions[:1]), (), tuple(lacks))

    def refused(self, status: int, kind: str) -> ArchiveError | None:
        """What an error of the server means to anybody; None where only the request can tell."""
        if kind == _BLOCKED and status == 403:
            return Unavailable("search-index-locked", path=self.path)
        if kind == _BLOCKED or status == 413:
            return Unavailable("search-index-unwritable", path=self.path, detail=kind)
        if status in {401, 403}:
            return Unavailable("search-login-refused", path=self.path, detail=kind)
        if status in {408, 429} or status >= 500:
            return Unavailable("search-unavailable", path=self.path, detail=kind)
        return None

    def _of_answer(self, error: ApiError) -> ArchiveError:
        status, kind = error.meta.status, _kind(error)
        if isinstance(error, UnsupportedProductError) or kind == _OTHER_RELEASE:
            return Unavailable("search-server-unsupported", path=self.path, release=self.address.release)
        if any(sign in str(error.body) for sign in _TOO_BROAD):
            return InvalidInput("search-too-broad")
        known = self.refused(status, kind)
        return known or Damaged("search-index-unreadable", path=self.path, detail=f"{status} {kind}")


class _Release8(Transport):
    """Speaks as a client of release 8: the library writes its own release into every header, whatever it is told."""

    def perform_request(  # type: ignore[override]  # the options in between are none of our business
        self, method: str, target: str, *, headers: Mapping[str, str], **options: Any
    ) -> TransportApiResponse:
        spoken = {name: value.replace("compatible-with=9", "compatible-with=8") for name, value in headers.items()}
        return super().perform_request(method, target, headers=spoken, **options)


def _kind(error: ApiError) -> str:
    """The type of an error, or the line of status where the answer is none of Elasticsearch's."""
    found = error.body.get("error") if isinstance(error.body, dict) else None
    kind = found.get("type") if isinstance(found, dict) else None
    return str(kind or type(error).__name__)


def _cause(error: BaseException) -> str:
    """In the words of the operating system where it has any: those of the libraries name objects in memory."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return type(error).__name__
