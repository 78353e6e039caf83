import gzip
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from archive.errors import Conflict
from ingest.simulator.port import Site
from ingest.simulator.replay import Replay

DATA = Path(__file__).resolve().parents[3].parent / "shared/data/portal_raw"
Serve = Callable[[Site], httpx.Client]


def page(infoid: str, day: str, category: str) -> dict[str, str]:
    names = ("customtitle", "categoryname", "pubinwebdate", "lasteditdate", "xiaqucode", "xiaquname", "infourl")
    return dict.fromkeys(names, "") | {
        "infoid": infoid,
        "title": f"示例公告{infoid}",
        "categorynum": category,
        "infodate": day,
        "infocontent": "<p>示例</p>",
        "projectjiaoyitypeex": "A01",
    }


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    kept = {
        "zb": [page("a", "2025-03-01", "003001005"), page("b", "2025-03-02", "003001005")],
        "hx": [page("d", "2025-03-03", "003001004")],
    }
    paths = [tmp_path / f"sample_{series}.json.gz" for series in kept]
    for path, items in zip(paths, kept.values(), strict=True):
        path.write_bytes(gzip.compress(json.dumps(items).encode()))
    snapshots = [
        {"file": "zb.json", "polled_at": "2025-03-01T10:00:00+08:00", "total": 1, "new_ids": ["yichang:a"]},
        {
            "file": "zb.json",
            "polled_at": "2025-03-03T10:00:00+08:00",
            "total": 3,
            "new_ids": ["yichang:b", "yichang:c"],
        },
        {
            "file": "hx.json",
            "polled_at": "2025-03-03T11:00:00+08:00",
            "total": 1,
            "new_ids": ["yichang:d", "yichang:a"],
        },
    ]
    arrivals = tmp_path / "arrivals.jsonl"
    arrivals.write_text("\n".join(json.dumps(row) for row in snapshots), encoding="utf-8")
    return Replay(arrivals, paths)


def test_each_snapshot_adds_what_it_saw_and_nothing_twice(replay: Replay) -> None:
    seen = [[row["infoid"] for row in replay.listing(None)]]
    for _ in range(replay.snapshots):
        replay.advance()
        seen.append([row["infoid"] for row in replay.listing(None)])
    assert seen == [[], ["a"], ["c", "b", "a"], ["d", "c", "b", "a"]]
    assert [row["infoid"] for row in replay.listing("003001004")] == ["d"]
    with pytest.raises(Conflict, match="simulator-replay-finished"):
        replay.advance()


def test_an_identifier_without_a_page_is_listed_bare_and_gone_in_detail(replay: Replay, serve: Serve) -> None:
    replay.advance()
    replay.advance()
    client = serve(replay)
    row = client.get("/api/list").json()["items"][0]
    assert (row["infoid"], row["title"], row["infodate"], row["categorynum"]) == ("c", "", "2025-03-03", "003001005")
    assert client.get("/api/detail/c").status_code == 404
    kept = client.get("/api/detail/a").json()
    assert (kept["infocontent"], kept["attachments"], kept["data_no"]) == ("<p>示例</p>", [], None)
    assert client.get("/api/detail/d").status_code == 404, "not listed yet, so not there yet"
    assert client.get("/files/a/x.pdf").status_code == 404


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data/portal_raw")
def test_the_recorded_snapshots_replay_whole(serve: Serve) -> None:
    replay = Replay(DATA / "yichang_arrivals.jsonl", sorted(DATA.glob("yichang_epoint_*.json.gz")))
    assert replay.snapshots == 241
    grown = 0
    for _ in range(replay.snapshots):
        replay.advance()
        assert len(replay.listing(None)) >= grown
        grown = len(replay.listing(None))
    assert replay.position == 241
    infoids = [str(row["infoid"]) for row in replay.listing(None)]
    assert len(infoids) == len(set(infoids)) == 420
    days = [str(row["infodate"]) for row in replay.listing(None)]
    assert days == sorted(days, reverse=True)
    client = serve(replay)
    codes = [client.get(f"/api/detail/{infoid}").status_code for infoid in infoids]
    assert (codes.count(200), codes.count(404)) == (200, 220)
