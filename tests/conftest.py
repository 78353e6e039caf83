"""What every test can count on: no settings of the developer's shell, property tests that repeat themselves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from archive.settings import PREFIX, environment

# Examples are drawn from the test's own name, so that a failure on one machine is a failure on all.
settings.register_profile(
    "house", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _no_settings_from_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment():
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _log_as_it_comes() -> Iterator[None]:
    """A command called in the test's own process sets up the log of that process; the next test must not inherit it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real material beside the project; tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data")
    return folder


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes made while tests are collected differ from process to process; a name does not."""
    return argname if isinstance(val, bytes) and len(val) > 16 else None
