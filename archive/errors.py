"""The one error tree. What a person reads comes from `archive.messages`; what a program reads is `code`.

Every sentence says what happened, what was expected and what to do. Errors of a library never leave the adapter that
uses it: they are raised again as one of these.
"""

from typing import ClassVar

from archive.messages import Language, render


class ArchiveError(Exception):
    """Something the archive can name. `code` is a key of the message catalogue, `params` fill its sentence."""

    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, code: str, /, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(code, params)

    def message(self, language: Language = "zh") -> str:
        """The sentence for people."""
        return render(self.code, self.params, language)

    def __str__(self) -> str:
        return f"{self.code}: {self.message()}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.code, self.params))


def _rebuild(kind: type[ArchiveError], code: str, params: dict[str, object]) -> ArchiveError:
    return kind(code, **params)


class InvalidInput(ArchiveError):
    """What was handed over cannot be used as it is."""

    status = 422


class NotAuthenticated(ArchiveError):
    """Nobody is logged in where somebody must be."""

    status = 401


class Forbidden(ArchiveError):
    """The actor may know of the subject, but not do this with it."""

    status = 403


class NotFound(ArchiveError):
    """There is no such thing within the actor's scope."""

    status = 404


class Conflict(ArchiveError):
    """The subject is in a state that does not allow this."""

    status = 409


class Unavailable(ArchiveError):
    """Something the archive needs does not answer now; the same call may succeed later."""

    status = 503
    retryable = True


class DatabaseFailed(ArchiveError):
    """The database took too long over a statement or refused it. It may go better another time, but not for ever."""

    status = 504
    retryable = True


class SourceFailed(ArchiveError):
    """A trading system did not answer, or not as agreed."""

    status = 502
    retryable = True


class Damaged(ArchiveError):
    """Stored bytes or rows are not what they were: an alarm, never to be worked around."""

    status = 500
