import json
import os
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from archive.authorization import SYSTEM_ACTOR
from archive.evidence.__main__ import main
from archive.evidence.verifier import verify
from tests.tamper.bench import PAYLOAD, RECORD, Bench, bundle_file, captured


def codes(path: Path, trust: Path | None) -> list[str]:
    return sorted({finding.code for finding in verify(path, trust).findings})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        bytes(5000),
        b"%PDF-1.7\n" + bytes(range(256)) * 10,
        b"The checkpoint is kept in proof/checkpoint.txt.\n" * 50,
    ],
)
def test_what_never_was_a_bundle_is_told_apart(bench: Bench, content: bytes) -> None:
    bench.path().write_bytes(content)
    assert codes(bench.path(), bench.trust) == ["bundle.not-a-bundle"]


def test_what_cannot_be_read_is_told_apart(bench: Bench) -> None:
    os.mkfifo(bench.folder / "pipe")
    for path in (bench.folder / "missing", bench.folder, bench.folder / "pipe", Path("a\0b")):
        assert codes(path, bench.trust) == ["bundle.unreadable"]


@pytest.mark.parametrize("damage", [slice(0, 40), slice(-22, None)])
def test_a_bundle_without_its_beginning_or_its_end_is_still_called_one(bench: Bench, damage: slice) -> None:
    data = bytearray(bench.clean.read_bytes())
    data[damage] = random.Random(7).randbytes(len(data[damage]))  # noqa: S311 - seeded noise, not a secret
    bench.path().write_bytes(data)
    report = verify(bench.path(), bench.trust)
    assert report.is_bundle
    assert not report.valid


def test_without_trust_the_rest_is_still_examined(bench: Bench) -> None:
    path = bench.altered(lambda members: members.pop("files/cmp_2.pdf"))
    assert codes(path, None) == ["file.missing", "trust.missing"]
    assert codes(path, bench.folder / "missing.json") == ["file.missing", "trust.missing"]


def test_memory_does_not_grow_with_the_files(bench: Bench) -> None:
    data = bytes(16 << 20)
    with bench.database.writing() as uow:
        index = bench.ledger.append(uow, captured({**PAYLOAD, "files/cmp_8.mp4": data}))
    bench.entries = (index,)
    path = bench.builder.build(bench.contents([bundle_file("files/cmp_8.mp4", data)]), SYSTEM_ACTOR, bench.path()).path
    del data
    tracemalloc.start()
    assert verify(path, bench.trust).valid
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_the_command_line_tells_by_its_exit_status(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    trust = ["--trust", str(bench.trust)]
    assert main([str(bench.clean), *trust]) == 0
    assert capsys.readouterr().out == "有效\n"
    assert main([str(bench.clean), "--language", "en"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("error\ttrust.missing\t")
    assert shown[-1] == "not valid"
    assert main([str(bench.trust), *trust, "--json"]) == 2
    value = json.loads(capsys.readouterr().out)
    assert value["valid"] is False
    assert [set(finding) for finding in value["findings"]] == [{"code", "severity", "message", "path"}]


def test_it_runs_as_a_module_with_nothing_of_the_archive_loaded(bench: Bench) -> None:
    program = (
        "import sys; from archive.evidence.__main__ import main; status = main(sys.argv[1:]);"
        "loaded = {name.split('.')[0] for name in sys.modules} & {'sqlalchemy', 'fastapi', 'httpx', 'alembic'};"
        "loaded |= {name for name in sys.modules if name.startswith(('archive.db', 'archive.records'))};"
        "print(sorted(loaded)); sys.exit(status)"
    )
    arguments = [sys.executable, "-c", program, str(bench.clean), "--trust", str(bench.trust)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "有效\n[]\n")


def test_the_ledger_says_who_took_what(bench: Bench) -> None:
    with bench.database.reading() as connection:
        events = [entry.event for entry in bench.ledger.entries_for(connection, "record", RECORD)]
    assert [str(event.type) for event in events] == ["record.captured", "record.filed", "evidence.built"]
