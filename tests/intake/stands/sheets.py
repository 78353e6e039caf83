"""A workbook that is written anew whenever something changes, as people keep one on a share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random

from openpyxl import Workbook

from ingest.types import Summary
from tests.intake.stand import SOURCE, Counts, Happening, Trouble
from tests.small_archive import SmallArchive

HEADING = ("序号", "编号", "标题", "正文", "发布时间", "预算金额(万元)", "是否预留")


class SheetsStand:
    """One workbook."""

    name = "sheets"
    unlike: Mapping[Happening, tuple[Counts, str]] = {
        Happening.WITHDRAWN: (Counts(gone=1), "a row that was taken out and one that got lost look the same"),
        Happening.SLOW: (Counts(), "a file is there or is not; it is read from a share as any other"),
    }

    def __init__(self, folder: Path) -> None:
        self._path = folder / "notices.xlsx"
        self._rows: dict[str, list[object]] = {}
        self._write()

    def register(self, archive: SmallArchive) -> None:
        archive.ingest.sources.register(SOURCE, "sheets", str(self._path))

    def publish(self, name: str, text: str) -> None:
        self._rows[name] = [name, f"{name}公告", text, "2026年5月4日", "12.5", "否"]
        self._write()

    def change(self, name: str, text: str) -> None:
        self._rows[name][2] = text
        self._write()

    def rename(self, name: str, title: str) -> None:
        self._rows[name][1] = title
        self._write()

    def withdraw(self, name: str) -> None:
        self.vanish(name)

    def vanish(self, name: str) -> None:
        del self._rows[name]
        self._write()

    def dirty(self) -> Mapping[str, str]:
        self.publish("shifted", "正文")
        self._rows["shifted"] = ["shifted", "公告", "正文", "12.5", "否"]
        self.publish("surplus", "正文")
        self._rows["surplus"].append("多出一列")
        self.publish("words", "正文")
        self._rows["words"][4] = "面议"
        self.publish("untitled", "正文")
        self._rows["untitled"][1] = None
        self.publish("undated", "正文")
        self._rows["undated"][3] = None
        self._write()
        return {
            "shifted": "row-columns-shifted",
            "surplus": "row-columns-shifted",
            "words": "row-column-kind",
            "untitled": "row-without-title",
            "undated": "",
        }

    @contextmanager
    def trouble(self, kind: Trouble, seed: int) -> Iterator[None]:
        whole = self._path.read_bytes()
        if kind is Trouble.CUT:
            self._path.write_bytes(whole[: Random(seed).randrange(1, len(whole))])  # noqa: S311 - drawn, not secret
        elif kind is Trouble.DOWN:
            self._path.unlink()
        yield
        self._path.write_bytes(whole)

    def deliver(self, archive: SmallArchive) -> Summary:
        return archive.ingest.intake.sync(SOURCE, archive.ingest.opener)[0]

    def _write(self) -> None:
        workbook = Workbook()
        sheet = workbook.active
        sheet.append(["公告汇总表"])
        sheet.merge_cells("A1:G1")
        sheet.append(["填报单位：", "示例单位"])
        sheet.append(HEADING)
        for number, row in enumerate(self._rows.values(), start=1):
            sheet.append([number, *row])
        workbook.save(self._path)


@contextmanager
def stand(folder: Path) -> Iterator[SheetsStand]:
    """A workbook in `folder`."""
    yield SheetsStand(folder)
