"""The guide to writing a connector: its example is shown as it is, keeps the contract, and is found once installed."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from archive.errors import InvalidInput
from ingest.connectors.contract.suite import examine, load_kind
from ingest.connectors.port import ConnectorKind
from ingest.connectors.registry import GROUP, Registry
from tests.small_archive import SmallArchive
from tests.unit.connectors.benches import bench

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = DOCS / "examples/csv_list.py"
ROWS = """\
id,title,published,region,page
n1,一号公告,2026-05-04,370100,n1.html
n2,二号公告,2026/5/5,370100,n2.html
,没有编号,2026-05-06,370100,n2.html
n3,没有页面,2026-05-06,370100,none.html
"""


@pytest.fixture
def kind() -> ConnectorKind:
    return load_kind("csv_list:KIND", EXAMPLE.parent)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "list.csv").write_bytes(ROWS.encode("utf-8-sig"))
    for name in ("n1", "n2"):
        (folder / f"{name}.html").write_text(f"<p>{name}</p>", encoding="utf-8")
    with served(folder) as base:
        yield base


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)


def test_the_guide_shows_the_example_as_it_is() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "connectors.md").read_text(encoding="utf-8"), re.DOTALL)
    assert EXAMPLE.read_text(encoding="utf-8") in blocks


def test_the_example_keeps_the_contract(kind: ConnectorKind, site: str) -> None:
    report = examine(bench(kind, site, bad="n3"))
    assert {finding.code: finding.evidence for finding in report.findings if finding.result == "fail"} == {}
    unchecked = {finding.code for finding in report.findings if finding.result == "not checked"}
    assert unchecked == {"contract-sizes", "contract-inventory", "contract-memory"}


def test_the_example_is_read_like_any_other_source(
    monkeypatch: pytest.MonkeyPatch, kind: ConnectorKind, site: str, tmp_path: Path
) -> None:
    monkeypatch.setattr("ingest.wiring.Registry", lambda: Registry([kind]))
    with SmallArchive.at(tmp_path / "home") as archive:
        archive.ingest.sources.register("list", kind.name, site)
        first, _ = archive.ingest.intake.sync("list", archive.ingest.opener)
        assert (first.received, first.captured) == (4, 2)
        assert [refused["code"] for refused in first.refused] == ["row-without-id", "attachment-unreachable"]
        again, _ = archive.ingest.intake.sync("list", archive.ingest.opener)
        assert (again.received, again.unchanged, len(again.refused)) == (4, 2, 2)


def test_an_installed_package_brings_its_connector_by_an_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    registry = Registry(installed=lambda: (EntryPoint("csv-list", "csv_list:KIND", GROUP),))
    assert "csv-list" in registry.names()
    assert registry.kind("csv-list").name == "csv-list"
    assert registry.is_read("csv-list")


@pytest.mark.parametrize(
    "value", ["not_installed_anywhere:KIND", "csv_list:OTHER", "csv_list:CsvList", "crashes_when_loaded:KIND"]
)
def test_a_package_that_cannot_be_loaded_is_named_and_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "crashes_when_loaded.py").write_text("1 / 0", encoding="utf-8")
    registry = Registry(installed=lambda: (EntryPoint("theirs", value, GROUP),))
    with pytest.raises(InvalidInput) as broken:
        registry.kind("theirs")
    assert broken.value.code == "connector-broken"
    assert not registry.is_read("theirs")
    assert registry.kind("folder").name == "folder"


def test_the_guide_names_the_group_of_entry_points() -> None:
    assert f'[project.entry-points."{GROUP}"]' in (DOCS / "connectors.md").read_text(encoding="utf-8")
