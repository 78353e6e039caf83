"""What the client library raises, raised again as an error of the archive."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from xml.etree.ElementTree import ParseError

from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3.exceptions import HTTPError, MaxRetryError

from archive.errors import ArchiveError, Unavailable

NOT_IMPLEMENTED: Final = frozenset({"NotImplemented", "XNotImplemented", "MethodNotAllowed", "UnsupportedOperation"})
"""What services answer to a call they do not know."""

NO_LOCK: Final = frozenset({"ObjectLockConfigurationNotFoundError", "InvalidBucketObjectLockConfiguration"})
"""What services answer when a bucket was made without object lock."""

_FULL: Final = frozenset(
    {
        "XMinioStorageFull",
        "XMinioAdminBucketQuotaExceeded",
        "InsufficientStorage",
        "InsufficientCapacity",
        "QuotaExceeded",
        "StorageFull",
    }
)
_REFUSED: Final = frozenset(
    {
        "AccessDenied",
        "AccountProblem",
        "AllAccessDisabled",
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_STATUS: Final = re.compile(r"Response code: (\d{3})")
_INSUFFICIENT_STORAGE: Final = 507


@contextmanager
def named_errors(place: str) -> Iterator[None]:
    """Raise what the library raises inside as an error that names the store.

    Only calls of the library belong inside: what a caller's stream raises is not the store's.
    """
    try:
        yield
    except S3Error as error:
        raise named(place, error.code or "", error.response.status) from error
    except (InvalidResponseError, ServerError) as error:
        raise named(place, "", status_of(error)) from error
    except MaxRetryError as error:
        raise Unavailable("blob-store-unavailable", path=place, detail=type(error.reason).__name__) from error
    except HTTPError as error:
        raise Unavailable("blob-store-unavailable", path=place, detail=type(error).__name__) from error
    except (ParseError, ValueError) as error:
        # The library checks what it is given before it asks: here it can only be the answer.
        raise Unavailable("blob-store-unavailable", path=place, detail="not an answer of S3") from error


def named(place: str, code: str, status: int) -> ArchiveError:
    """The error for an answer of the service with its `code` (may be empty) and HTTP status."""
    detail = code or f"HTTP {status}"
    if code in _FULL or status == _INSUFFICIENT_STORAGE:
        return Unavailable("blob-store-full", path=place, detail=detail)
    if code in _REFUSED or (not code and status in {401, 403}):
        # Not the input's fault, so no InvalidInput: a document must not be refused for it.
        return ArchiveError("blob-store-refused", path=place, detail=detail)
    if code == "NoSuchBucket":
        return Unavailable("blob-store-no-bucket", path=place, detail=detail)
    return Unavailable("blob-store-unavailable", path=place, detail=detail)


def status_of(error: InvalidResponseError | ServerError) -> int:
    """The HTTP status of an answer that was not in the form of S3."""
    if isinstance(error, ServerError):
        return error.status_code
    found = _STATUS.search(str(error))
    return int(found[1]) if found else 0
