from pathlib import Path

import pytest

from tests.hostile.corpora import look_at_all

FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "files"
SECONDS = 30.0


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["pdfjs-testpdfs", "format-corpus"])
def test_every_file_of_a_corpus_gets_a_verdict_in_time_and_what_is_locked_is_called_so(corpus: str) -> None:
    if not (FILES / corpus).is_dir():
        pytest.skip(f"{corpus} is not here")
    found = look_at_all(FILES / corpus)
    assert [each.path.name for each in found if each.seconds > SECONDS] == []
    assert [each.path.name for each in found if each.broke] == []
    assert [(each.path.name, each.unsaid) for each in found if each.unsaid] == []
    locked = [each for each in found if each.status == "password"]
    assert locked
    assert [each.path.name for each in locked if "file-encrypted" not in each.reasons or each.verdict != "refuse"] == []
    open_to_all = [each for each in found if each.status == "encrypted, no password"]
    # Readers differ over one file whose empty password opens it for one and not for the other: it is called locked.
    named = {"pdf-restricted", "file-encrypted"}
    assert [each.path.name for each in open_to_all if not named & each.reasons] == []
    broken = [each for each in found if each.status == "error"]
    assert [each.path.name for each in broken if each.verdict == "accept"] == []
    warned = [each for each in found if each.status == "warned"]
    assert [each.path.name for each in warned if each.verdict == "accept"] == []
