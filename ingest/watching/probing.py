"""Asking the parts that the archive stands on for an answer, none of them for longer than it may take."""

import threading
import time
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

import structlog

from archive.errors import ArchiveError

Probe = Callable[[], object]


@dataclass(frozen=True)
class Answer:
    """What a part said: `code` is None where it answered `value`, after `seconds`."""

    seconds: float
    code: str | None
    value: Any = None


class Prober:
    """Puts one question to each part, to all at once.

    A part that hangs does not hold up the rest, and is not asked again while an answer is outstanding: whoever asks
    every few seconds must not pile up threads. Two who ask at the same time get the same answer.
    """

    def __init__(self, parts: Mapping[str, Probe]) -> None:
        self._parts = parts
        self._asked: dict[str, _Question] = {}
        self._lock = threading.Lock()

    def ask(self, seconds: float) -> dict[str, Answer]:
        """The answer of every part, in their order, after at most `seconds`."""
        end = time.monotonic() + seconds
        with self._lock:
            for part, probe in self._parts.items():
                if part not in self._asked or self._asked[part].answer is not None:
                    self._asked[part] = _Question(part, probe)
            questions = dict(self._asked)
        for question in questions.values():
            question.over.wait(max(0.0, end - time.monotonic()))
        slow = Answer(seconds, code="part-slow")
        return {part: questions[part].answer or slow for part in self._parts}


class _Question:
    """A question put to one part, in a thread of its own."""

    def __init__(self, part: str, probe: Probe) -> None:
        self.answer: Answer | None = None
        self.over = threading.Event()
        self._part = part
        self._probe = probe
        # A daemon: a part that hangs for good must not keep the process from ending.
        threading.Thread(target=copy_context().run, args=(self._ask,), daemon=True).start()

    def _ask(self) -> None:
        started = time.perf_counter()
        code, value = None, None
        try:
            value = self._probe()
        except ArchiveError as error:
            code = error.code
        except Exception as error:  # noqa: BLE001 - whatever breaks a part is the answer, and the rest is still asked
            code = "part-broken"
            structlog.get_logger().warning("health.broken", part=self._part, exc_info=error)
        self.answer = Answer(time.perf_counter() - started, code, value)
        self.over.set()
