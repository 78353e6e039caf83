"""Errors of uploads that have a status of their own in the protocol."""

from archive.errors import ArchiveError, Conflict, InvalidInput


class Locked(Conflict):
    """Another request is at work on the same upload."""

    status = 423
    retryable = True


class ChecksumWrong(InvalidInput):
    """The bytes of a request are not those that were sent; they were dropped (tus 1.0.0, checksum)."""

    status = 460
    retryable = True


class Over(ArchiveError):
    """The upload is over, and nothing can be added to it (tus 1.0.0, expiration)."""

    status = 410


class TooLong(InvalidInput):
    """More was announced or sent than is taken."""

    status = 413


class BrokenOff(InvalidInput):
    """The sender went away or fell silent; what came before is kept."""

    status = 408
    retryable = True
