"""Where the log goes: to standard error, always, for standard output belongs to answers."""

import logging
import sys
from typing import Final, Literal

import structlog

LogLevel = Literal["debug", "info", "warning", "error"]

_NUMBERS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def log_to_stderr(level: LogLevel, *, stays: bool) -> None:
    """Send the log of this process to standard error, from `level` up; said once where a process starts.

    A person at a terminal is told of warnings; what merely informs is for processes that stay.
    """
    level = "warning" if level == "info" and not stays else level
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(_NUMBERS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
