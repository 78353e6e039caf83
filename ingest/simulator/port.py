"""The port between the HTTP server and whatever stands behind it: a platform or a replay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Manner:
    """How one answer is to be delivered.

    `status` other than 200 replaces the answer; `delay` in seconds; `encoding` is what the body really uses, whatever
    its header says; `cut` ends the connection after half of the body, `cut_at` after so many bytes of it, `hang_up`
    before the first. `redirect` points to another place instead, `login` asks to log in with status 200.
    """

    status: int = 200
    delay: float = 0.0
    encoding: str = "utf-8"
    cut: bool = False
    cut_at: int | None = None
    hang_up: bool = False
    redirect: str = ""
    login: bool = False


PLAIN = Manner()


class Site(Protocol):
    """A portal without its wire. Called from several threads at once."""

    def listing(self, category: str | None) -> Sequence[Row]:
        """The rows of a category (every category below it included) or of all, newest first."""
        ...

    def detail(self, infoid: str) -> Row | None:
        """The item with its text and attachments, or None when there is no such item any more."""
        ...

    def file(self, infoid: str, name: str) -> bytes | None:
        """The bytes of an attachment, or None."""
        ...

    def manner(self, infoid: str | None) -> Manner:
        """How to deliver the next answer; `infoid` when it is the detail of an item. Asked once for each request."""
        ...
