"""Keep what the libraries write to logs out of ours: they name signers and quote files there."""

import contextlib
import logging
from collections.abc import Iterator

_LIBRARIES = ("pyhanko", "pyhanko_certvalidator", "signxml")


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Nothing of the libraries' own talk gets out meanwhile; what matters of it becomes an observation."""
    loggers = [logging.getLogger(name) for name in _LIBRARIES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
