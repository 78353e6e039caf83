"""Passwords: what counts as one, and the only door to Argon2."""

import threading
import unicodedata
from functools import cached_property
from typing import Final

import argon2

from archive.errors import InvalidInput

_SHORTEST: Final = 10
_LONGEST: Final = 200


class Passwords:
    """Argon2id (RFC 9106). The defaults are its second recommended choice: 3 passes over 64 MiB, 4 lanes.

    At most `at_once` computations run at the same time; others wait. So many logins at once cost no more memory than a
    few.
    """

    def __init__(self, *, passes: int = 3, memory_kib: int = 65_536, lanes: int = 4, at_once: int = 4) -> None:
        self._room = threading.BoundedSemaphore(at_once)
        self._hasher = argon2.PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)

    def hash(self, password: str, *, name: str) -> str:
        """What is stored for `password`, the salt and all costs included.

        Raises:
            InvalidInput: the password is too short or too long, is the account's name, or is one character repeated.
        """
        text = unicodedata.normalize("NFKC", password)
        if not _SHORTEST <= len(text) <= _LONGEST or text.casefold() == name.casefold() or len(set(text)) == 1:
            raise InvalidInput("password-weak", shortest=_SHORTEST, longest=_LONGEST)
        with self._room:
            return self._hasher.hash(_bytes(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` belongs to `stored`. Nothing stored takes as long as something stored, and is False."""
        presented = _bytes(password[: _LONGEST + 1])
        try:
            with self._room:
                right = self._hasher.verify(self._nobody if stored is None else stored, presented)
        except argon2.exceptions.VerifyMismatchError:
            return False
        return right and stored is not None and len(password) <= _LONGEST

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("there is no account of this name")


def _bytes(password: str) -> bytes:
    # The same key gives full-width or half-width characters depending on the input method: both must log in.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
