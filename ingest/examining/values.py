"""The values of an examination as JSON, in which they cross from the bounded process to its parent.

The parent believes nothing that comes back: what is not of the type expected is refused like a broken process.
"""

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from archive.errors import InvalidInput

T = TypeVar("T")


def to_json(kind: type[T], value: T) -> Any:
    """A value of `kind` as JSON."""
    return _adapter(kind).dump_python(value, mode="json")


def from_json(kind: type[T], said: object) -> T:
    """A value of `kind` from its JSON.

    Raises:
        InvalidInput: `reading-broke-off`, it is none.
    """
    try:
        found: T = _adapter(kind).validate_python(said)
    except ValidationError as error:
        raise InvalidInput("reading-broke-off", detail="unfit answer") from error
    return found


def _adapter(kind: Any) -> TypeAdapter[Any]:
    return _adapters(kind)


@cache
def _adapters(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
