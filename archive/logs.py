"""Where the log goes: to standard error, always, for standard output belongs to answers.

What the archive says and what the libraries under it say come out of one stream in one form. An event is a short name
such as `step.done`; what it is about stands beside it: `record` follows one document from its capture to the index,
`request` is what a page showed as its reference. Titles, texts, names of people and queries never do.
"""

import logging
import os
import socket
import sys
from typing import Final, Literal

import structlog
from structlog.typing import EventDict, Processor

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["text", "json"]

_NUMBERS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_OURS: Final = "juanzong"
"""The one logger through which everything goes that the archive itself says."""


def log_to_stderr(
    level: LogLevel,
    *,
    stays: bool,
    format: LogFormat = "text",  # noqa: A002 - the word of the setting it comes from
) -> None:
    """Send the log of this process to standard error, from `level` up; said once where a process starts.

    A person at a terminal is told of warnings; what merely informs is for processes that stay. Libraries are heard from
    warnings up, whatever the level.
    """
    level = "warning" if level == "info" and not stays else level
    handler = logging.StreamHandler(sys.stderr)
    handler.set_name(_OURS)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, _drop_colours, *_added()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_written(format)],
        )
    )
    root = logging.getLogger()
    for former in [other for other in root.handlers if other.get_name() == _OURS]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(max(_NUMBERS[level], logging.WARNING))
    logging.getLogger(_OURS).setLevel(_NUMBERS[level])
    # It tells of every retry with a traceback; what comes of them is told by us.
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *_added(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_NUMBERS[level]),
        logger_factory=lambda *_: logging.getLogger(_OURS),
    )


def _added() -> list[Processor]:
    """What every line says beside its event."""
    return [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_process,
        structlog.processors.StackInfoRenderer(),
        structlog.dev.set_exc_info,
    ]


def _written(form: LogFormat) -> list[Processor]:
    if form == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=True, default=str),
        ]
    # The renderer's own choice shows the local variables of every frame: texts, names, passwords.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


def _add_process(logger: logging.Logger, method: str, event: EventDict) -> EventDict:
    """Which process of which host says it; looked at each time, since a worker is forked off a process that logs."""
    del logger, method
    event["process"] = f"{socket.gethostname()}:{os.getpid()}"
    return event


def _drop_colours(logger: logging.Logger, method: str, event: EventDict) -> EventDict:
    """Uvicorn says everything twice, once with escapes for terminals."""
    del logger, method
    event.pop("color_message", None)
    return event
