"""The pages in a real browser: they fit, answer to keys, play recordings, and work without scripts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Page, expect

from archive.records.types import ComponentRole
from tests.functional.pages.world import ARCHIVIST, INSPECTOR, TENDER, UNSURE, World

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTHS = {1280: 900, 390: 844}


@contextmanager
def visiting(
    chromium: Browser, site: World, account: tuple[str, str] | None = None, *, scripts: bool = True
) -> Iterator[Page]:
    """A page of a fresh browser, logged in as `account` or as nobody."""
    context = chromium.new_context(
        base_url=site.url, locale="zh-CN", timezone_id="Asia/Shanghai", java_script_enabled=scripts
    )
    if account is not None:
        context.add_cookies([{"name": "juanzong_session", "value": site.sessions[account[0]], "url": site.url}])
    try:
        yield context.new_page()
    finally:
        context.close()


def _addresses(site: World) -> dict[str, list[str]]:
    notice, recording = site.records["n1"], site.records["n5"]
    return {
        "public": [
            "/",
            "/search?q=工程",
            f"/search?q={'很长的词' * 60}",
            f"/records/{notice.id}",
            f"/records/{notice.id}/changes",
            f"/records/{notice.id}/proof",
            f"/records/{site.records['n2'].id}",
            "/login",
        ],
        ARCHIVIST[0]: [
            "/console",
            "/console/review",
            f"/console/review/{site.records['n6'].id}",
            "/console/returned",
            "/console/records",
            f"/console/records/{notice.id}",
            "/console/volumes",
            f"/console/volumes/{notice.volume_id}",
            "/console/sources",
        ],
        INSPECTOR[0]: ["/desk", f"/desk/projects/{notice.project_id}", f"/records/{recording.id}"],
    }


def _complaints(page: Page) -> list[str]:
    """What the browser complains about, as long as the page lives."""
    heard: list[str] = []

    def console(message: ConsoleMessage) -> None:
        heard.append(message.text)

    def failure(error: Error) -> None:
        heard.append(error.message)

    page.on("console", console)
    page.on("pageerror", failure)
    return heard


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_the_screen_or_complains(
    chromium: Browser, site: World, tmp_path: Path, width: int, scheme: str
) -> None:
    accounts = {"public": None, ARCHIVIST[0]: ARCHIVIST, INSPECTOR[0]: INSPECTOR}
    for name, addresses in _addresses(site).items():
        with visiting(chromium, site, accounts[name]) as page:
            complaints = _complaints(page)
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.set_viewport_size({"width": width, "height": WIDTHS[width]})
            for number, address in enumerate(addresses):
                page.goto(address)
                page.screenshot(path=tmp_path / f"{name}-{number}-{width}-{scheme}.png", full_page=True)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, address
                assert complaints == [], address
                assert page.locator("h1").count() == 1, address


def test_the_queue_is_worked_with_keys_alone(chromium: Browser, site: World) -> None:
    with visiting(chromium, site, ARCHIVIST) as page:
        page.goto("/console/review")
        page.keyboard.press("j")
        expect(page.locator(".left h1")).to_have_text(UNSURE)
        page.wait_for_load_state()
        page.keyboard.press("1")
        expect(page.locator('input[value="class"]')).to_be_checked()
        page.locator('input[name="value"]').fill("GC.02.01")
        page.locator("textarea").fill("与招标公告内容一致")
        page.locator("h2").first.click()
        page.keyboard.press("Enter")
        expect(page.locator('[role="status"]')).to_contain_text("已记录决定")


def test_keys_stay_out_of_the_way_while_somebody_writes(chromium: Browser, site: World) -> None:
    with visiting(chromium, site, ARCHIVIST) as page:
        page.goto(f"/console/review/{site.records['n7'].id}")
        page.locator("textarea").fill("")
        page.locator("textarea").press("j")
        expect(page.locator("textarea")).to_have_value("j")
        assert site.records["n7"].id in page.url


def test_everything_works_without_scripts(chromium: Browser, site: World) -> None:
    with visiting(chromium, site, scripts=False) as page:
        page.goto("/")
        page.locator("main input[name=q]").fill("公开招标")
        page.locator("main button").first.click()
        page.get_by_role("link", name=TENDER).first.click()
        expect(page.locator("h1")).to_have_text(TENDER)
        page.get_by_role("link", name="看看改了什么").click()
        expect(page.locator("ins")).to_contain_text("第九开标室")
        page.goto("/console")
        page.locator("input[name=name]").fill(ARCHIVIST[0])
        page.locator("input[name=password]").fill(ARCHIVIST[1])
        page.locator("main button").click()
        assert page.url == f"{site.url}/console"
        page.get_by_role("button", name="退出").click()
        assert page.url == f"{site.url}/"


def test_a_recording_plays_in_the_page(chromium: Browser, site: World) -> None:
    with visiting(chromium, site, INSPECTOR) as page:
        page.goto(f"/desk/projects/{site.records['n1'].project_id}")
        video = page.locator(f'video[src="/files/{site.component("n5", ComponentRole.ATTACHMENT)}"]')
        video.evaluate("video => { video.muted = true; return video.play(); }")
        page.wait_for_function("video => video.currentTime > 0.2", arg=video.element_handle())
        assert video.evaluate("video => video.videoWidth") == 320


def test_the_first_key_leads_to_the_content(chromium: Browser, site: World) -> None:
    with visiting(chromium, site) as page:
        page.goto(f"/records/{site.records['n1'].id}")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("跳到正文")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_an_original_cannot_run_scripts_or_call_home(chromium: Browser, site: World) -> None:
    with visiting(chromium, site, INSPECTOR) as page:
        opened: list[str] = []

        def dialog(one: Dialog) -> None:
            opened.append(one.message)
            one.dismiss()

        page.on("dialog", dialog)
        page.goto(f"/files/{site.component('n4', ComponentRole.MAIN)}")
        assert "清溪建设有限公司" in page.locator("body").inner_text()
        assert opened == []
