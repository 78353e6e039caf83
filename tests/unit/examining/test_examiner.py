import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

import pytest

from archive.errors import InvalidInput, Unavailable
from classifiers.noticing import Notice
from ingest.bounded.bounds import Bounds
from ingest.bounded.room import Allowance, Room
from ingest.examining.examiner import Examiner, Helpers
from ingest.examining.types import Examination, Stage
from ingest.extractors.port import Extraction, Limits
from ingest.formats.inspection import Aspect
from ingest.formats.types import Identified
from ingest.outcomes import Outcome
from ingest.signatures.types import Integrity
from tests.unit.extractors import documents

AT = datetime(2031, 3, 1, tzinfo=UTC)
INSIDE = "ingest.examining.inside:"


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.close()


class Tampered(Room):
    """A room in which some calls end as a test wants them to."""

    def __init__(self, inner: Room, ends: Mapping[str, object]) -> None:
        super().__init__()
        self._inner = inner
        self._ends = {INSIDE + name: end for name, end in ends.items()}
        self.asked: list[str] = []

    def call(
        self,
        function: str,
        arguments: Mapping[str, object],
        stream: BinaryIO | None = None,
        allowance: Allowance | None = None,
    ) -> Any:
        self.asked.append(function.removeprefix(INSIDE))
        end = self._ends.get(function)
        if isinstance(end, Exception):
            raise end
        return end if end is not None else self._inner.call(function, arguments, stream, allowance)


def examined(room: Room, content: bytes, name: str, helpers: Helpers | None = None) -> Examination:
    return Examiner(room, helpers=helpers).examine(io.BytesIO(content), name, AT)


def test_a_document_is_identified_read_inspected_and_looked_at_for_signatures(room: Room) -> None:
    found = examined(room, documents.pdf(), "公告.pdf")
    assert found.reading.identified.mime == "application/pdf"
    assert found.reading.text
    assert {each.aspect for each in found.inspections} == set(Aspect)
    assert found.signatures is not None
    assert list(found.signatures.signatures) == []
    assert found.problems == {}


@pytest.mark.parametrize(("stage", "function"), [(Stage.INSPECT, "inspect"), (Stage.SIGNATURES, "signatures")])
def test_a_stage_that_breaks_does_not_take_the_others_with_it(room: Room, stage: Stage, function: str) -> None:
    broken = Tampered(room, {function: InvalidInput("reading-too-long", seconds=3)})
    found = examined(broken, documents.pdf(), "公告.pdf")
    assert {each: problem.code for each, problem in found.problems.items()} == {stage: "reading-too-long"}
    assert found.reading.text
    assert (found.inspections == ()) is (stage is Stage.INSPECT)
    assert (found.signatures is None) is (stage is Stage.SIGNATURES)


def test_a_file_that_breaks_reading_is_still_identified_and_inspected(room: Room) -> None:
    found = examined(
        Tampered(room, {"read": InvalidInput("reading-broke-off", detail="SIGSEGV")}), documents.pdf(), "a.pdf"
    )
    assert found.reading.problem is not None
    assert found.reading.problem.code == "reading-broke-off"
    assert found.reading.identified.mime == "application/pdf"
    assert found.inspections
    assert found.problems == {}


def test_what_cannot_be_identified_is_looked_into_no_further(room: Room) -> None:
    broken = Tampered(room, {"identify": InvalidInput("reading-too-much-memory", limit=1)})
    found = examined(broken, documents.pdf(), "a.pdf")
    assert found.reading.problem is not None
    assert found.reading.problem.code == "reading-too-much-memory"
    assert broken.asked == ["identify"]
    assert found.signatures is None


@pytest.mark.parametrize("answer", [{"mime": "application/pdf"}, ["x"], "x", 1])
def test_an_answer_of_another_shape_is_none(room: Room, answer: object) -> None:
    found = examined(Tampered(room, {"read": answer}), documents.pdf(), "a.pdf")
    assert found.reading.problem is not None
    assert found.reading.problem.code == "reading-broke-off"


def test_a_server_that_is_away_says_nothing_of_the_file(room: Room) -> None:
    away = Tampered(room, {"identify": Unavailable("format-registry-failed")})
    with pytest.raises(Unavailable):
        examined(away, documents.pdf(), "a.pdf")


def test_personal_numbers_are_noticed_and_never_carried_along(room: Room) -> None:
    found = examined(room, "联系人手机：13912345678，身份证 11010519491231002X".encode(), "a.txt")
    assert {each.kind for each in found.noticed} == {Notice.PHONE_NUMBER, Notice.IDENTITY_NUMBER}
    assert "13912345678" not in repr(found.noticed)


def test_a_reader_on_a_server_is_asked_for_what_ours_do_not_know(room: Room) -> None:
    class Helper:
        name, version = "helper", "1"

        def score(self, identified: Identified) -> int:
            del identified
            return 10

        def extract(self, stream: BinaryIO, limits: Limits) -> Extraction:
            del stream, limits
            return Extraction("read elsewhere", None, {}, complete=True, warnings=())

    helpers = Helpers(reader=Helper())
    old = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2_000)
    assert examined(room, old, "a.doc", helpers).reading.text == "read elsewhere"
    assert examined(room, documents.pdf(), "a.pdf", helpers).reading.extractor.startswith("pdf/")


def test_stages_share_the_time_of_one_file() -> None:
    room = Room(Bounds(seconds=0.0))
    found = examined(room, documents.pdf(), "a.pdf")
    room.close()
    assert found.reading.problem is not None
    assert found.reading.problem.code == "reading-too-long"


def test_a_twin_that_is_no_signature_is_not_valid(room: Room) -> None:
    signature = Examiner(room).verify_twin(io.BytesIO(b"not a signature"), io.BytesIO(b"content"), AT)
    assert signature.integrity is not Integrity.VALID
    large = Examiner(room).verify_twin(io.BytesIO(bytes((4 << 20) + 1)), io.BytesIO(b"content"), AT)
    assert large.integrity is Integrity.NOT_CHECKED
    assert [seen.code for seen in large.observations] == ["signature-too-large"]


def test_nothing_found_is_a_pass_only_where_somebody_looked(room: Room) -> None:
    found = examined(room, documents.pdf(), "a.pdf")
    active = found.inspection(Aspect.ACTIVE)
    assert active is not None
    assert active.outcome is Outcome.PASS
    unknown = examined(room, bytes(range(256)) * 9, "a.bin")
    assert Outcome.PASS not in {each.outcome for each in unknown.inspections if each.aspect is Aspect.STRUCTURE}
