"""Parts are asked all at once, and none can hold up the answer."""

import threading
import time

from structlog.testing import capture_logs

from archive.errors import Unavailable
from ingest.watching.probing import Prober


def test_each_part_gives_its_value_or_its_code() -> None:
    def down() -> None:
        raise Unavailable("database-unavailable", detail="")

    answers = Prober({"fine": lambda: 7, "down": down}).ask(5)
    assert list(answers) == ["fine", "down"]
    assert (answers["fine"].code, answers["fine"].value) == (None, 7)
    assert answers["down"].code == "database-unavailable"


def test_what_nobody_foresaw_is_an_answer_too_and_goes_to_the_log() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with capture_logs() as logs:
        assert Prober({"index": broken}).ask(5)["index"].code == "part-broken"
    assert [(line["event"], line["part"]) for line in logs] == [("health.broken", "index")]


def test_a_part_that_hangs_is_told_as_slow_and_the_others_still_answer() -> None:
    release = threading.Event()
    prober = Prober({"blobs": release.wait, "index": lambda: None})
    started = time.monotonic()
    answers = prober.ask(0.1)
    assert time.monotonic() - started < 2
    assert (answers["blobs"].code, answers["index"].code) == ("part-slow", None)
    release.set()


def test_a_part_that_hangs_is_not_asked_again_until_it_has_answered() -> None:
    release, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        release.wait()

    prober = Prober({"blobs": hang})
    assert [prober.ask(0.05)["blobs"].code for _ in range(3)] == ["part-slow"] * 3
    assert len(asked) == 1
    release.set()
    assert prober.ask(5)["blobs"].code is None
    assert prober.ask(5)["blobs"].code is None
    assert len(asked) >= 2


def test_whoever_asks_while_another_waits_gets_the_same_answer() -> None:
    release, asked, codes = threading.Event(), [], []

    def hang() -> None:
        asked.append(1)
        release.wait()

    prober = Prober({"blobs": hang})
    askers = [threading.Thread(target=lambda: codes.append(prober.ask(5)["blobs"].code)) for _ in range(4)]
    for asker in askers:
        asker.start()
    time.sleep(0.1)
    release.set()
    for asker in askers:
        asker.join()
    assert codes == [None] * 4
    assert len(asked) == 1
