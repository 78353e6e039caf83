from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive.errors import InvalidInput
from archive.known_settings import SETTINGS
from archive.settings import Settings, environment


def test_an_empty_environment_gives_the_embedded_defaults(tmp_path: Path) -> None:
    settings = Settings.load({}, tmp_path)
    assert settings.home == tmp_path
    assert settings.database.url == f"sqlite:///{tmp_path}/archive.db"
    assert settings.blobs.url == f"file://{tmp_path}/blobs"
    assert settings.search.url == f"tantivy://{tmp_path}/index"
    assert settings.jobs.workers >= 1
    assert (settings.jobs.lease_seconds, settings.jobs.attempts) == (60, 5)
    assert settings.plan.id == "national-2026-1"
    assert (settings.web.host, settings.web.port, settings.web.session_hours) == ("127.0.0.1", 8000, 8)
    assert settings.web.timezone == ZoneInfo("Asia/Shanghai")
    assert (settings.centre.region, settings.centre.fonds) == ("370000", "Z001")
    assert settings.ledger.origin == "juanzong.local/ledger"
    assert settings.ledger.key_path == tmp_path / "keys" / "ledger.key"
    assert settings.ledger.trust_path == tmp_path / "trust.json"
    assert settings.log.level == "info"


def test_without_a_home_everything_lies_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.load({}, None).home == tmp_path / ".juanzong"


def test_the_home_of_the_command_line_wins(tmp_path: Path) -> None:
    assert Settings.load({"ARCHIVE_HOME": "/elsewhere"}, tmp_path).home == tmp_path
    assert Settings.load({"ARCHIVE_HOME": str(tmp_path)}, None).home == tmp_path


def test_given_values_win_over_defaults(tmp_path: Path) -> None:
    given = {
        "ARCHIVE_DATABASE_URL": "sqlite:////srv/rows.db",
        "ARCHIVE_WORKERS": "3",
        "ARCHIVE_WEB_PORT": "0",
        "ARCHIVE_CENTRE_NAME": "某市公共资源交易中心 {home}",
        "ARCHIVE_LOG_LEVEL": "WARNING",
        "PATH": "/bin",
    }
    settings = Settings.load(given, tmp_path)
    assert settings.database.url == "sqlite:////srv/rows.db"
    assert settings.jobs.workers == 3
    assert settings.web.port == 0
    assert settings.centre.name == "某市公共资源交易中心 {home}"
    assert settings.log.level == "warning"


def test_an_empty_value_counts_as_not_given(tmp_path: Path) -> None:
    assert Settings.load({"ARCHIVE_WEB_PORT": ""}, tmp_path).web.port == 8000


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ARCHIVE_DATABSE_URL", "ARCHIVE_DATABASE_URL"),
        ("ARCHIVE_LEASE", "ARCHIVE_LEASE_SECONDS"),
        ("ARCHIVE_WORKER", "ARCHIVE_WORKERS"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_nearest(tmp_path: Path, name: str, nearest: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings.load({name: "1"}, tmp_path)
    assert caught.value.code == "setting-unknown"
    assert caught.value.params == {"name": name, "nearest": nearest}


def test_an_unknown_name_unlike_any_other_is_still_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings.load({"ARCHIVE_ㄅ": "1"}, tmp_path)
    assert caught.value.params["nearest"] in {setting.name for setting in SETTINGS}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("ARCHIVE_WORKERS", "0", "setting-number"),
        ("ARCHIVE_WORKERS", "257", "setting-number"),
        ("ARCHIVE_WORKERS", "two", "setting-number"),
        ("ARCHIVE_WORKERS", "９", "setting-number"),
        ("ARCHIVE_WORKERS", "9" * 5000, "setting-number"),
        ("ARCHIVE_WEB_PORT", "-1", "setting-number"),
        ("ARCHIVE_WEB_PORT", "65536", "setting-number"),
        ("ARCHIVE_TIMEZONE", "Mars/Olympus", "setting-timezone"),
        ("ARCHIVE_TIMEZONE", "../../etc/passwd", "setting-timezone"),
        ("ARCHIVE_CENTRE_REGION", "37", "setting-code"),
        ("ARCHIVE_CENTRE_REGION", "37000a", "setting-code"),
        ("ARCHIVE_FONDS", "z001", "setting-code"),
        ("ARCHIVE_FONDS", "Z0001", "setting-code"),
        ("ARCHIVE_FONDS", "1001", "setting-code"),
        ("ARCHIVE_LEDGER_ORIGIN", "two words", "setting-origin"),
        ("ARCHIVE_LEDGER_ORIGIN", "a+b", "setting-origin"),
        ("ARCHIVE_LOG_LEVEL", "loud", "setting-log-level"),
        ("ARCHIVE_LOG_FORMAT", "xml", "setting-log-format"),
        ("ARCHIVE_TIKA_URL", "host:9998", "setting-url"),
        ("ARCHIVE_CLAMD_URL", "host:3310", "setting-url"),
        ("ARCHIVE_VERAPDF_URL", "host:8080", "setting-url"),
        ("ARCHIVE_FILE_SECONDS", "4", "setting-number"),
        ("ARCHIVE_FILE_MEMORY_MIB", "511", "setting-number"),
        ("ARCHIVE_BLOBS_RETENTION_DAYS", "36501", "setting-number"),
        ("ARCHIVE_CENTRE_NAME", "   ", "setting-text"),
        ("ARCHIVE_CENTRE_NAME", "a\x00b", "setting-text"),
        ("ARCHIVE_BLOBS_URL", "/srv/blobs", "setting-url"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_name(tmp_path: Path, name: str, value: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings.load({name: value}, tmp_path)
    assert caught.value.code == code
    assert caught.value.params["name"] == name


def test_a_refused_address_is_not_repeated_because_it_may_hold_a_password(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings.load({"ARCHIVE_DATABASE_URL": "user:s3cret@host"}, tmp_path)
    assert "s3cret" not in str(caught.value)


def test_every_setting_moves_something(tmp_path: Path) -> None:
    other = {
        "ARCHIVE_HOME": "/srv/elsewhere",
        "ARCHIVE_DATABASE_URL": "sqlite:////x.db",
        "ARCHIVE_BLOBS_URL": "file:///x",
        "ARCHIVE_SEARCH_URL": "tantivy:///x",
        "ARCHIVE_WORKERS": "255",
        "ARCHIVE_LEASE_SECONDS": "7",
        "ARCHIVE_SECRETS": "/x",
        "ARCHIVE_UPLOAD_GIB": "7",
        "ARCHIVE_JOB_ATTEMPTS": "7",
        "ARCHIVE_SYNC_MINUTES": "7",
        "ARCHIVE_PLAN": "another",
        "ARCHIVE_WEB_HOST": "::1",
        "ARCHIVE_WEB_PORT": "7",
        "ARCHIVE_SESSION_HOURS": "7",
        "ARCHIVE_TIMEZONE": "UTC",
        "ARCHIVE_CENTRE_NAME": "别的中心",
        "ARCHIVE_CENTRE_REGION": "420500",
        "ARCHIVE_FONDS": "J007",
        "ARCHIVE_LEDGER_ORIGIN": "other.example/ledger",
        "ARCHIVE_LOG_LEVEL": "debug",
        "ARCHIVE_DATABASE_POOL": "7",
        "ARCHIVE_DATABASE_STATEMENT_SECONDS": "7",
        "ARCHIVE_BLOBS_RETENTION_DAYS": "7",
        "ARCHIVE_QUEUE_URL": "amqp://host/",
        "ARCHIVE_TIKA_URL": "http://host:9998",
        "ARCHIVE_CLAMD_URL": "tcp://host:3310",
        "ARCHIVE_VERAPDF_URL": "http://host:8080",
        "ARCHIVE_TRUST_LIST": "/x",
        "ARCHIVE_FORMAT_POLICY": "/x",
        "ARCHIVE_FILE_SECONDS": "7",
        "ARCHIVE_FILE_MEMORY_MIB": "4096",
        "ARCHIVE_LOG_FORMAT": "json",
        "ARCHIVE_METRICS_TOKEN": "drawn-at-random",
        "ARCHIVE_TRACES_URL": "http://host:4318",
    }
    assert set(other) == {setting.name for setting in SETTINGS}
    base = Settings.load({"ARCHIVE_HOME": str(tmp_path)}, None)
    unmoved = [
        name
        for name, value in other.items()
        if Settings.load({"ARCHIVE_HOME": str(tmp_path)} | {name: value}, None) == base
    ]
    assert unmoved == []


def test_the_environment_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_FONDS", "J001")
    taken = environment()
    monkeypatch.setenv("ARCHIVE_FONDS", "J002")
    assert taken["ARCHIVE_FONDS"] == "J001"
