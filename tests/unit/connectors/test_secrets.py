"""Credentials by reference: where they lie, who may read them, and that they are never said."""

from pathlib import Path

import pytest

from archive.errors import InvalidInput, Unavailable
from ingest.connectors.secrets import Secrets, is_reference


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, "sftp", "hunter2\n")
    return tmp_path


def put(folder: Path, name: str, content: str | bytes, mode: int = 0o600) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def refusal(folder: Path, reference: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        Secrets(folder).text(reference)
    return refused.value


def test_a_secret_is_read_without_the_line_end_of_an_editor(folder: Path) -> None:
    assert Secrets(folder).text("secret:sftp") == "hunter2"
    assert Secrets(folder).path("secret:sftp") == folder / "sftp"


@pytest.mark.parametrize(
    "value", ["sftp", "secret:", "secret:../sftp", "secret:/etc/passwd", "secret:.hidden", 7, None]
)
def test_only_a_plain_name_is_a_reference(folder: Path, value: object) -> None:
    assert not is_reference(value)
    assert refusal(folder, str(value)).code == "secret-not-a-reference"


def test_what_was_given_instead_of_a_reference_is_not_said_again(folder: Path) -> None:
    assert "hunter2" not in str(refusal(folder, "hunter2"))


def test_a_secret_that_is_not_there_is_named_with_its_folder(folder: Path) -> None:
    refused = refusal(folder, "secret:other")
    assert (refused.code, refused.params["folder"]) == ("secret-missing", str(folder))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o610])
def test_a_secret_that_others_may_read_is_refused(folder: Path, mode: int) -> None:
    put(folder, "open", "hunter2", mode)
    refused = refusal(folder, "secret:open")
    assert refused.code == "secret-exposed"
    assert "hunter2" not in str(refused)


def test_a_secret_that_is_no_text_is_refused(folder: Path) -> None:
    put(folder, "key", b"\xff\xfe\x00")
    assert refusal(folder, "secret:key").code == "secret-not-text"


def test_a_secret_that_cannot_be_read_is_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", broken)
    with pytest.raises(Unavailable, match="secret-unreadable"):
        Secrets(folder).text("secret:sftp")
