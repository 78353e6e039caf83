"""One stream, one form: what the archive says and what the libraries under it say."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from archive.logs import LogFormat, LogLevel, log_to_stderr


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("juanzong")
    former = (root.level, ours.level, list(root.handlers))
    yield
    root.setLevel(former[0])
    ours.setLevel(former[1])
    root.handlers[:] = former[2]
    structlog.reset_defaults()


def logging_to(level: LogLevel = "info", form: LogFormat = "json", *, stays: bool = True) -> io.StringIO:
    stream = io.StringIO()
    with redirect_stderr(stream):
        log_to_stderr(level, stays=stays, format=form)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object_with_the_moment_in_utc_level_event_process_and_what_is_bound() -> None:
    stream = logging_to()
    with bound_contextvars(record="rec_1", version=2):
        structlog.get_logger().info("step.done", step="check")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("process").rpartition(":")[2].isdigit()
    assert line == {"event": "step.done", "level": "info", "record": "rec_1", "version": 2, "step": "check"}


def test_libraries_are_heard_in_the_same_form_from_warnings_up() -> None:
    stream = logging_to("debug")
    for name in ("uvicorn.error", "celery.worker", "alembic.runtime", "amqp", "urllib3.connectionpool"):
        logging.getLogger(name).info("said of %s", "nothing")
        with bound_contextvars(request="abc"):
            logging.getLogger(name).warning("said of %s", name)
    found = lines(stream)
    assert [line["level"] for line in found] == ["warning"] * 5
    assert {line["event"] for line in found} >= {"said of uvicorn.error", "said of celery.worker"}
    assert {line["request"] for line in found} == {"abc"}


def test_what_merely_informs_is_for_processes_that_stay() -> None:
    for level, stays, events in (("info", False, []), ("info", True, ["a"]), ("debug", False, ["a"])):
        stream = logging_to("info" if level == "info" else "debug", stays=stays)
        structlog.get_logger().info("a")
        assert [line["event"] for line in lines(stream)] == events


def test_said_twice_a_line_still_comes_once() -> None:
    logging_to()
    stream = logging_to()
    structlog.get_logger().warning("once")
    logging.getLogger("urllib3").warning("once")
    assert len(lines(stream)) == 2


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_failure_shows_where_it_happened_and_no_local_variable(form: LogFormat) -> None:
    stream = logging_to(form=form)

    def failing() -> None:
        # Put together here, so that the line itself, which a traceback may show, does not say it.
        password = "sesame".rjust(11, ".")
        raise ZeroDivisionError(len(password))

    try:
        failing()
    except ZeroDivisionError:
        structlog.get_logger().exception("crashed")
        logging.getLogger("uvicorn.error").exception("crashed")
    text = stream.getvalue()
    assert text.count("ZeroDivisionError") >= 2
    assert text.count("in failing") == 2
    assert ".....sesame" not in text
    if form == "json":
        assert len(lines(stream)) == 2


def test_text_is_for_people() -> None:
    stream = logging_to(form="text")
    structlog.get_logger().warning("worker.died", worker=3)
    assert "worker.died" in stream.getvalue()
    assert "worker=3" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
