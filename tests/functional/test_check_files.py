"""`juanzong check`: one line for each file given, in their order, whatever the files are; nothing is filed."""

import os
from pathlib import Path

from tests.functional.command_line import called, juanzong

NATURES = {"authenticity", "integrity", "usability", "security"}


def test_each_file_has_its_line_and_what_is_none_has_its_reason(tmp_path: Path) -> None:
    sound, folder, pipe, huge = (tmp_path / name for name in ("公告.txt", "夹", "管道", "大.bin"))
    sound.write_text("招标公告", encoding="utf-8")
    folder.mkdir()
    os.mkfifo(pipe)
    with huge.open("wb") as file:
        file.truncate(2 << 30)
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xc4\xe3.txt"))
    odd.write_bytes(b"1")
    given = [sound, folder, tmp_path / "没有", pipe, huge, odd]

    ran = called("check", *given, "--json")

    lines = ran.lines
    assert ran.code == 1
    assert [Path(line["path"]) for line in lines] == given
    assert [line.get("error", {}).get("code") for line in lines] == [
        None,
        "check-no-file",
        "import-path",
        "check-no-file",
        None,
        None,
    ]
    first = lines[0]
    assert first["format"] == {
        "puid": "x-fmt/111",
        "name": first["format"]["name"],
        "mime": "text/plain",
        "mismatch": False,
    }
    assert (first["signatures"], first["verdict"]) == ([], "accept")
    assert {check["nature"] for check in first["checks"]} == NATURES
    assert lines[4]["verdict"] != "accept"


def test_people_read_chinese_first_and_each_outcome_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "公告.txt"
    file.write_text("招标公告", encoding="utf-8")

    ran = called("check", file)

    assert ran.code == 0
    assert ran.out.startswith("可接收 accept ")
    assert "GD-4-2 病毒感染检测 未配置杀毒引擎" in ran.out


def test_a_scanner_that_is_away_is_a_reason_beside_the_file_and_no_end_of_the_look(tmp_path: Path) -> None:
    file = tmp_path / "公告.txt"
    file.write_text("招标公告", encoding="utf-8")

    ran = juanzong("check", file, "--json", settings={"ARCHIVE_CLAMD_URL": f"unix://{tmp_path}/nobody.sock"})

    (line,) = ran.lines
    (scanned,) = [check for check in line["checks"] if check["code"] == "GD-4-2"]
    assert (scanned["outcome"], scanned["reason"]) == ("not_checked", "virus-scanner-unavailable")
    assert (ran.code, line["verdict"]) == (0, "ask")
