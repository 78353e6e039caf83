from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.functional.pages.world import World, build_home, open_world

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, started once."""
    if not CHROMIUM.exists():
        pytest.skip(f"needs Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with everything taken in."""
    home = tmp_path_factory.mktemp("site") / "home"
    build_home(home)
    return home


@pytest.fixture
def site(site_home: Path, tmp_path: Path) -> Iterator[World]:
    """The application, served."""
    with open_world(site_home, tmp_path / "home") as world:
        yield world
