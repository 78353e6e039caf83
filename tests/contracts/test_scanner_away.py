"""A scanner that is away holds work up; it never blames a document, and never lets one through unscanned."""

from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import Unavailable
from archive.records.types import RecordState
from ingest.types import Status
from ingest.wiring import Ingest, build_ingest
from tests.contracts.clam_servers import standing_in
from tests.small_archive import SmallArchive, notice


def scanned_at(small: SmallArchive, url: str) -> Ingest:
    settings = small.kernel.settings
    examination = replace(settings.examination, clamd_url=url)
    return build_ingest(replace(small.kernel, settings=replace(settings, examination=examination)))


def test_a_document_waits_for_a_scanner_that_is_away_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    with SmallArchive.at(tmp_path / "home") as small:
        small.take(notice("n1", "公开招标公告"))
        record = small.record("n1")
        away = scanned_at(small, f"unix://{tmp_path}/nobody.sock")

        for _ in range(2):
            with pytest.raises(Unavailable, match="virus-scanner-unavailable") as caught:
                away.runner.advance(record.id)
            assert caught.value.retryable
        assert "check" not in small.outcomes("n1")
        assert small.record("n1").state is RecordState.CAPTURED

        with standing_in() as server:
            scanned_at(small, server.url).runner.advance(record.id)
        assert small.outcomes("n1")["check"].status is Status.DONE
