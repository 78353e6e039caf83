"""The contract suite finds each fault that a connector can have, and calls nothing sound that it could not look at."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from archive.errors import SourceFailed
from archive.messages import catalogue
from archive.records.types import ComponentRole, Incoming
from ingest.connectors.contract.suite import CHECKS
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import Arrival, ConnectorKind, Known, Listed, Opened, Option, Refused, Same, Stated
from ingest.connectors.streams import from_bytes
from ingest.types import Source
from tests.unit.connectors.benches import Calls, delivery, found, handing, kind, main, results

GOOD = (delivery("a"), delivery("b"), delivery("c"))
BAD = Arrival("bad", Refused("row-without-id", {"line": 2}, b"{}"))


def envelope(name: str) -> Incoming:
    return Incoming(name, ComponentRole.ENVELOPE, from_bytes(b"{}"))


def test_every_check_is_named_in_both_languages() -> None:
    assert [check.code for check in CHECKS if check.code not in catalogue()] == []
    assert len({check.code for check in CHECKS}) == len(CHECKS)


def test_a_sound_connector_fails_in_nothing() -> None:
    findings = found(handing(*GOOD, BAD))
    assert {code for code, finding in findings.items() if finding.result == "fail"} == set()
    unchecked = {code for code, finding in findings.items() if finding.result == "not checked"}
    # Nothing is announced, nothing is large, it gives no inventory, and its location means nothing.
    assert unchecked == {"sizes", "memory", "inventory", "errors"}


def test_a_connector_that_others_push_to_is_only_looked_at() -> None:
    pushed = ConnectorKind("pushed", "由对方推送", "pushed", None)
    findings = found(pushed)
    assert findings.pop("described").result == "pass"
    assert {str(finding.result) for finding in findings.values()} == {"not checked"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((Option("Host Name", "text", "主机", "host"),), "Host Name"),
        ((Option("host", "text", "", "host"),), "both languages"),
        ((Option("host", "text", "主机", "host"), Option("host", "text", "主机", "host")), "twice"),
        ((Option("port", "number", "端口", "port", default="22"),), "default of option port"),
        ((Option("names", "list", "名称", "names", default=("a",)),), "default of option names"),
        ((Option("key", "secret", "密钥", "key", default="secret:key"),), "no default"),
        ((Option("key", "colour", "颜色", "colour"),), "unknown kind"),  # type: ignore[arg-type]  # no such kind
    ],
)
def test_options_that_are_not_described_properly_are_named(options: tuple[Option, ...], said: str) -> None:
    described = kind(lambda *_: MemoryConnector(GOOD), *options)
    finding = found(described)["described"]
    assert finding.result == "fail"
    assert said in finding.evidence


@pytest.mark.parametrize(("name", "help_zh"), [("My Connector", "有说明"), ("made", "english only"), ("m" * 33, "有")])
def test_a_connector_without_a_usable_name_or_help_is_named(name: str, help_zh: str) -> None:
    made = kind(lambda *_: MemoryConnector(GOOD), name=name, help_zh=help_zh)
    assert found(made)["described"].result == "fail"


@pytest.mark.parametrize(
    "arrival",
    [
        delivery(""),
        delivery("a\x00"),
        delivery("长" * 1_000),
        delivery("a", title="\ud800"),
        delivery("a", published=datetime(2026, 5, 1)),  # noqa: DTZ001 - without a zone on purpose
        Arrival("a", Same()),
    ],
    ids=["empty", "nul", "long", "half a character", "no zone", "same as nothing"],
)
def test_a_document_that_cannot_be_stored_is_named(arrival: Arrival) -> None:
    assert found(handing(delivery("z"), arrival))["arrivals"].result == "fail"


def test_documents_without_any_title_are_a_fault_of_the_connector() -> None:
    assert found(handing(delivery("a", title=""), delivery("b", title=" ")))["arrivals"].result == "fail"
    assert found(handing(delivery("a", title=""), delivery("b")))["arrivals"].result == "pass"


@pytest.mark.parametrize(
    "files",
    [
        (envelope("e.json"),),
        (main("1"), main("2")),
        (main("1"), envelope("a"), envelope("b")),
        (main("1"), envelope("")),
    ],
    ids=["no main file", "two main files", "two envelopes", "no name"],
)
def test_a_document_with_other_files_than_agreed_is_named(files: tuple[Incoming, ...]) -> None:
    assert found(handing(delivery("a", *files)))["components"].result == "fail"


def test_a_file_that_gives_other_bytes_the_second_time_is_named() -> None:
    once = io.BytesIO(b"only once")

    class Kept(io.BytesIO):
        def close(self) -> None:
            """Stays where it is."""

    spent = Kept(once.getvalue())
    findings = found(handing(delivery("a", Incoming("n.txt", ComponentRole.MAIN, lambda: spent))))
    assert results(findings, "streams", "again") == ["fail", "fail"]


def test_sizes_and_digests_that_are_not_true_are_named() -> None:
    assert found(handing(delivery("a", main("text", announced_size=4))))["sizes"].result == "pass"
    assert found(handing(delivery("a", main("text", announced_size=5))))["sizes"].result == "fail"
    assert found(handing(delivery("a", main("text", announced_sha256="0" * 64))))["sizes"].result == "fail"


def test_nothing_but_bad_documents_is_no_delivery() -> None:
    assert results(found(handing(BAD)), "delivers", "bad") == ["fail", "fail"]


def test_a_document_that_is_known_to_be_bad_must_be_refused() -> None:
    assert found(handing(*GOOD, BAD), bad="bad")["bad"].result == "pass"
    assert found(handing(*GOOD), bad="a")["bad"].result == "fail"
    assert found(handing(*GOOD))["bad"].result == "not checked"


def test_one_bad_document_that_ends_everything_is_found() -> None:
    def arrivals(_: Callable[[str], Known | None]) -> Iterator[Arrival]:
        yield delivery("a")
        raise ValueError("bad row")

    findings = found(kind(lambda *_: Calls(arrivals)))
    assert results(findings, "opens", "again", "half-way", "errors") == ["fail", "fail", "fail", "fail"]
    assert "ValueError" in findings["opens"].evidence


def test_other_documents_or_other_content_the_second_time_are_found() -> None:
    readings = iter(range(100))

    def varying(make: Callable[[int], tuple[Arrival, ...]]) -> ConnectorKind:
        return kind(lambda *_: MemoryConnector(make(next(readings))))

    fewer = found(varying(lambda number: GOOD if number % 2 == 0 else GOOD[:2]))
    assert fewer["again"].result == "fail"
    other = found(varying(lambda number: (delivery("a", main(str(number))),)))
    assert results(other, "again", "known") == ["fail", "fail"]


def test_a_position_that_is_kept_though_the_reading_broke_off_is_a_loss() -> None:
    @contextmanager
    def open_hasty(source: Source, *_: object) -> Iterator[Opened]:
        rest = () if source.position else GOOD
        yield Opened(MemoryConnector(rest), {"done": True}, reading={"done": True})

    hasty = replace(handing(), open=open_hasty)
    findings = found(hasty)
    assert findings["half-way"].result == "fail"
    assert "lost" in findings["half-way"].evidence

    @contextmanager
    def open_careful(source: Source, *_: object) -> Iterator[Opened]:
        yield Opened(MemoryConnector(() if source.position else GOOD), {"done": True})

    assert found(replace(handing(), open=open_careful))["half-way"].result == "pass"


def test_a_source_that_is_away_must_be_said_to_be_away() -> None:
    def away(error: Exception | None) -> ConnectorKind:
        def make(source: Source, *_: object) -> MemoryConnector:
            if source.location != "http://source.example/list" and error is not None:
                raise error
            return MemoryConnector(GOOD if source.location == "http://source.example/list" else ())

        return kind(make)

    place = "http://source.example/list"
    named = found(away(SourceFailed("source-unreachable", source="s", detail="")), place)["errors"]
    assert (named.result, "source-unreachable" in named.evidence) == ("pass", True)
    assert found(away(OSError("refused")), place)["errors"].result == "fail"
    assert found(away(None), place)["errors"].result == "fail"


def test_an_inventory_must_agree_with_what_is_handed_over() -> None:
    def stating(listed: list[Listed]) -> ConnectorKind:
        stated = replace(GOOD[0], stated=Stated(size=1, digest="mark:1"))

        @contextmanager
        def open_stating(*_: object) -> Iterator[Opened]:
            yield Opened(MemoryConnector((stated, BAD)), {}, inventory=lambda: iter(listed))

        return replace(handing(), open=open_stating)

    true = Listed("a", Stated(size=1))
    for listed, result in (
        ([true], "pass"),
        ([true, Listed("bad", Stated())], "pass"),
        ([], "fail"),
        ([true, Listed("more", Stated())], "fail"),
        ([Listed("a", Stated(size=2))], "fail"),
    ):
        assert found(stating(listed))["inventory"].result == result


def test_only_so_many_documents_are_read_as_asked_for() -> None:
    findings = found(handing(*(delivery(str(number)) for number in range(50))), most=10)
    assert findings["opens"].evidence.startswith("10 documents")
    assert results(findings, "again", "half-way", "known", "inventory") == ["pass", "pass", "pass", "not checked"]
