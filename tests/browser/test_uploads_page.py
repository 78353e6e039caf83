"""The page of uploads in a real browser: a lost connection, and what the visitor sees of it."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route

from tests.functional.pages.world import ARCHIVIST, World

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_files_go_up_through_a_lost_connection(chromium: Browser, site: World, tmp_path: Path) -> None:
    (tmp_path / "公告.bin").write_bytes(os.urandom(20 << 20))
    (tmp_path / "附件.txt").write_text("附件", encoding="utf-8")
    lost: list[str] = []

    def lose_one(route: Route) -> None:
        if route.request.method == "PATCH" and not lost:
            lost.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    context = chromium.new_context(locale="zh-CN")
    context.add_cookies([{"name": "juanzong_session", "value": site.sessions[ARCHIVIST[0]], "url": site.url}])
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/api/v1/uploads/*", lose_one)
    page.goto(f"{site.url}/console/uploads")
    page.set_input_files("#upload-files", [tmp_path / "公告.bin", tmp_path / "附件.txt"])
    page.click("#upload button")
    page.wait_for_selector("table.rows tbody tr")
    rows = page.locator("table.rows tbody tr").all_inner_texts()
    assert [name for name in ("公告.bin", "附件.txt") if not any(name in row for row in rows)] == []
    assert all("已接收" in row for row in rows)
    assert len(lost) == 1
    assert errors == []
    context.close()
