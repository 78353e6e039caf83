"""What was done to a bundle with an ordinary ZIP tool is named, beside that it was packed again."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from archive.evidence import documents
from archive.evidence.__main__ import main
from archive.evidence.codes import finding
from archive.evidence.verifier import verify
from archive.ledger.canonical import dump
from tests.functional.command_line import called
from tests.tamper.bad_bundles import HTML, PDF, TEXT, swap
from tests.tamper.bench import Bench

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
REPACKED = ("container.not-canonical", "")


def found(bench: Bench) -> set[tuple[str, str]]:
    report = verify(bench.path(), bench.trust)
    assert report.is_bundle
    assert not report.valid
    return {(finding.code, finding.path) for finding in report.findings}


@pytest.mark.parametrize("name", ["\x1b[2J\x1b[Hvalid\n\x1b[8m", "\u202etxt.exe", "a\u2028b", "[/x]", "a\x9bb"])
def test_a_hostile_name_cannot_speak_to_the_terminal(bench: Bench, name: str) -> None:
    bench.canonical([*bench.members().items(), (name, b"")])
    report = verify(bench.path(), bench.trust)
    (told,) = (each for each in report.findings if each.code == "container.name-unsafe")
    assert (told.path + told.message).isprintable()
    assert told.path.startswith(name[0] if name[0].isprintable() else "\\x")


@pytest.mark.parametrize("name", ["\x1b[2J\x1b[Hvalid\n\x1b[8m", "[/x]", "[green]✓ 有效 valid[/green]"])
def test_both_programs_print_a_hostile_name_as_it_is(
    bench: Bench, capsys: pytest.CaptureFixture[str], name: str, tmp_path: Path
) -> None:
    bench.canonical([*bench.members().items(), (name, b"")])
    assert main([str(bench.path()), "--trust", str(bench.trust), "--language", "en"]) == 1
    alone = capsys.readouterr().out
    ran = called("verify", bench.path(), "--trust", bench.trust, "--home", tmp_path / "home")
    assert ran.code == 1, ran.err
    for printed in (alone, ran.out):
        assert not set(printed) - {"\n", "\t"} & {chr(code) for code in range(32)}
        assert printed.count("container.name-unsafe") == 1
        assert name.split("\n", maxsplit=1)[0].encode("unicode_escape").decode().split("\\u")[0] in printed
    assert alone.splitlines()[-1] == "not valid"
    assert len(alone.splitlines()) == 2


def test_parameters_of_a_finding_are_escaped_like_its_path() -> None:
    spoken = finding("checkpoint.origin-wrong", "a\x1b[2Jb", "en", origin="x\ny\u202e", expected="甲\u3000乙")
    assert spoken.path == "a\\x1b[2Jb"
    assert spoken.message.isprintable()
    assert all(piece in spoken.message for piece in ("a\\x1b[2Jb", "x\\ny\\u202e", "甲\\u3000乙"))


def test_a_second_proof_for_one_entry_is_named(bench: Bench) -> None:
    members = bench.members()
    value = json.loads(members[documents.INCLUSION])
    value["entries"].insert(0, {"hashes": ["aa" * 32], "index": value["entries"][-1]["index"]})
    members[documents.INCLUSION] = dump(value)
    bench.canonical(members.items())
    assert found(bench) == {("proof.not-in-order", documents.INCLUSION)}


@pytest.mark.parametrize("line", [b"remark\n", b"\n", b"no end"])
def test_a_line_that_is_no_signature_is_no_checkpoint(bench: Bench, line: bytes) -> None:
    members = bench.members()
    members[documents.CHECKPOINT] += line
    bench.canonical(members.items())
    assert found(bench) == {("checkpoint.malformed", documents.CHECKPOINT)}


@pytest.mark.parametrize("method", METHODS)
def test_packed_again_without_change(bench: Bench, method: int) -> None:
    bench.rezipped(sorted(bench.members().items()), method, folders=["files", "proof"])
    assert found(bench) == {REPACKED}


@pytest.mark.parametrize("method", METHODS)
def test_a_dropped_file(bench: Bench, method: int) -> None:
    bench.rezipped(((name, data) for name, data in bench.members().items() if name != PDF), method)
    assert found(bench) == {REPACKED, ("file.missing", PDF)}


def test_an_added_file(bench: Bench) -> None:
    bench.path().write_bytes(bench.clean.read_bytes())
    with zipfile.ZipFile(bench.path(), "a") as archive:
        archive.writestr("files/added.pdf", b"%PDF")
    assert found(bench) == {REPACKED, ("file.unexpected", "files/added.pdf")}


@pytest.mark.parametrize("method", METHODS)
def test_two_swapped_files(bench: Bench, method: int) -> None:
    members = bench.members()
    swap(members)
    bench.rezipped(members.items(), method)
    assert found(bench) == {REPACKED, ("file.swapped", HTML), ("file.swapped", PDF)}


def test_three_files_in_a_ring(bench: Bench) -> None:
    members = bench.members()
    members[HTML], members[PDF], members[TEXT] = members[PDF], members[TEXT], members[HTML]
    bench.canonical(members.items())
    assert found(bench) == {("file.swapped", path) for path in (HTML, PDF, TEXT)}


def test_a_file_overwritten_with_a_copy_of_another_is_changed_not_swapped(bench: Bench) -> None:
    members = bench.members()
    members[HTML] = members[PDF]
    bench.canonical(members.items())
    assert found(bench) == {("file.changed", HTML)}


def test_a_cut_extract_names_each_entry(bench: Bench) -> None:
    members = bench.members()
    members[documents.EXTRACT] = b""
    bench.rezipped(members.items())
    assert {
        REPACKED,
        *(("ledger.extract-cut", f"{documents.EXTRACT}#{index}") for index in bench.entries),
    } <= found(bench)


def test_an_extract_cut_inside_a_line_names_the_entry(bench: Bench) -> None:
    members = bench.members()
    members[documents.EXTRACT] = members[documents.EXTRACT][:-10]
    bench.canonical(members.items())
    assert found(bench) == {("ledger.extract-cut", f"{documents.EXTRACT}#{bench.entries[1]}")}


def test_an_extract_that_differs_only_in_white_space_is_changed(bench: Bench) -> None:
    members = bench.members()
    members[documents.EXTRACT] = members[documents.EXTRACT].rstrip(b"\n")
    bench.canonical(members.items())
    assert found(bench) == {("file.changed", documents.EXTRACT)}


def test_a_bundle_cut_in_the_middle_names_what_is_gone(bench: Bench) -> None:
    clean = bench.clean.read_bytes()
    with zipfile.ZipFile(bench.clean) as archive:
        offset = archive.getinfo(PDF).header_offset
    bench.path().write_bytes(clean[: offset + 100])
    assert found(bench) >= {("container.truncated", ""), ("file.missing", PDF), ("file.missing", TEXT)}
    assert ("file.missing", HTML) not in found(bench)


def test_a_manifest_changed_together_with_a_file_betrays_both(bench: Bench) -> None:
    members = bench.members()
    old, new = bench.manifest(), b"<p>another result</p>"
    files = old["files"]
    assert isinstance(files, list)
    for file in files:
        if file["path"] == HTML:
            file.update(size=len(new), sha256=hashlib.sha256(new).hexdigest(), sm3=hashlib.new("sm3", new).hexdigest())
    members.update({documents.MANIFEST: dump(old), HTML: new})
    bench.canonical(members.items())
    assert found(bench) == {("manifest.changed", documents.MANIFEST), ("record.digest-not-in-ledger", HTML)}


def test_a_small_file_does_not_unpack_to_a_giant_one(bench: Bench) -> None:
    members = bench.members()
    members[PDF] = bytes(64 << 20)
    bench.rezipped(members.items())
    assert bench.path().stat().st_size < 1 << 20
    assert found(bench) == {REPACKED, ("file.changed", PDF)}
