"""A SQLite file as an exchange database: never created, never half a file, in whatever encoding its texts are."""

import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

BUSY_SECONDS: Final = 10
_HEADER_BYTES: Final = 100


def connected(path: Path, *, writes: bool) -> sqlite3.Connection:
    """A connection; for reading only unless it `writes`.

    Raises:
        sqlite3.Error: the file is away, or is not whole.
    """
    try:
        _require_whole(path)
    except OSError as error:
        raise sqlite3.OperationalError(error.strerror or "unreadable") from error
    address = f"file:{quote(str(path.absolute()))}?mode={'rw' if writes else 'ro'}"
    connection = sqlite3.connect(address, timeout=BUSY_SECONDS, uri=True, check_same_thread=False)
    connection.text_factory = decoded
    return connection


def decoded(data: bytes) -> str:
    """Text as a database hands it over that does not know its own encoding: UTF-8, else GB18030.

    What is neither keeps half characters, which whoever reads the row marks and reports.
    """
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "surrogateescape")


def _require_whole(path: Path) -> None:
    """Refuse a file of which only a part has been copied: SQLite reads zeros where the rest should be.

    Raises:
        sqlite3.DatabaseError: it is shorter than its header says (SQLite file format, 1.3.8).
    """
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        if header:
            raise sqlite3.DatabaseError("cut short")
        return
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big") if header[24:28] == header[92:96] else 0
    if path.stat().st_size < pages * (65_536 if page == 1 else page):
        raise sqlite3.DatabaseError("cut short")
