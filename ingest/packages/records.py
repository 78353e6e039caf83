"""What a valid package holds for an archive: records (件), each with its files and what the package says of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO


@dataclass(frozen=True)
class PackedFile:
    """One file of a record. `path` is byte-exact; what is announced of it is None or empty where nothing is."""

    path: bytes
    open: Callable[[], BinaryIO]
    size: int | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    media_type: str = ""


@dataclass(frozen=True)
class PackedRecord:
    """One record. `id` is unique in its package; `files` has the main document first; `about` are its metadata files.

    `said` is what the package says of it: `title`, `published` as written there, and hints such as `archival_number`.
    """

    id: str
    files: tuple[PackedFile, ...]
    about: tuple[PackedFile, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)
