"""Options of sources: unknown, missing, of the wrong kind, or a secret in clear; and read as what they should be."""

from typing import Any

import pytest

from archive.errors import InvalidInput
from ingest.connectors.options import Options, require_options
from ingest.connectors.port import ConnectorKind, Option
from ingest.types import Source
from tests.small_archive import START

KIND = ConnectorKind(
    "kind",
    "试验",
    "a try",
    None,
    (
        Option("host", "text", "主机", "host", required=True),
        Option("port", "number", "端口", "port", default=22),
        Option("strict", "flag", "严格", "strict"),
        Option("folders", "list", "目录", "folders"),
        Option("mapping", "table", "映射", "mapping"),
        Option("password", "secret", "口令", "password"),
    ),
)
GOOD: dict[str, Any] = {
    "host": "sftp.example",
    "port": 2222,
    "strict": True,
    "folders": ["a", "b"],
    "mapping": {"title": "TITLE"},
    "password": "secret:sftp",
}


def refusal(**changes: object) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        require_options(KIND, GOOD | changes)
    return refused.value


def test_an_unknown_option_is_refused_with_the_nearest_name() -> None:
    refused = refusal(pasword="secret:sftp")
    assert refused.code == "source-option-unknown"
    assert refused.params["near"] == "password"
    assert "password" in refused.message("zh")


def test_an_option_that_is_needed_must_be_there() -> None:
    assert refusal(host="").code == "source-option-missing"
    with pytest.raises(InvalidInput) as refused:
        require_options(KIND, {})
    assert refused.value.params["option"] == "host"


@pytest.mark.parametrize(
    ("name", "value"),
    [("host", 7), ("port", "22"), ("port", True), ("strict", 1), ("folders", "a"), ("mapping", []), ("password", 7)],
)
def test_a_value_of_the_wrong_kind_is_refused(name: str, value: object) -> None:
    assert refusal(**{name: value}).code == "source-option-kind"


@pytest.mark.parametrize("value", ["hunter2", "secret:../key", "secret:a b", "SECRET:key"])
def test_a_secret_in_clear_is_refused_and_not_said_again(value: str) -> None:
    refused = refusal(password=value)
    assert refused.code == "source-option-secret"
    assert value not in refused.message("zh") + refused.message("en") + str(refused)


def test_options_are_read_as_what_they_should_be() -> None:
    options = Options(KIND, Source("s", "kind", "", {}, START, options=GOOD))
    assert (options.text("host"), options.number("port"), options.flag("strict")) == ("sftp.example", 2222, True)
    assert options.texts("folders") == ("a", "b")
    assert options.table("mapping") == {"title": "TITLE"}


def test_what_is_not_said_is_as_usual() -> None:
    options = Options(KIND, Source("s", "kind", "", {}, START, options={"host": "h"}))
    assert (options.number("port"), options.flag("strict"), options.text("password")) == (22, False, "")
    assert (options.texts("folders"), options.table("mapping")) == ((), {})


def test_a_list_of_something_else_is_refused_where_it_is_read() -> None:
    options = Options(KIND, Source("s", "kind", "", {}, START, options=GOOD | {"folders": ["a", 7]}))
    with pytest.raises(InvalidInput, match="source-option-kind"):
        options.texts("folders")
