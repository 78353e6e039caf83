"""The order in which a report is read, for every form that people read: headings, pairs and tables of plain text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Words = tuple[str, str]
"""Chinese first, the same in English second."""

_RULINGS: Final[Mapping[str, Words]] = {
    "accept": ("通过", "accepted"),
    "ask": ("待人工决定", "a person decides"),
    "refuse": ("不通过", "refused"),
}
_OUTCOMES: Final[Mapping[str, Words]] = {
    "pass": ("通过", "passed"),
    "fail": ("不通过", "failed"),
    "not_applicable": ("不适用", "not applicable"),
    "not_checked": ("未检测", "not checked"),
}
_NATURES: Final[Mapping[str, Words]] = {
    "authenticity": ("真实性", "authenticity"),
    "integrity": ("完整性", "integrity"),
    "usability": ("可用性", "usability"),
    "security": ("安全性", "security"),
}
_PHASES: Final[Mapping[str, Words]] = {
    "filing": ("归档环节", "at filing"),
    "transfer": ("移交与接收环节", "at transfer"),
    "keeping": ("长期保存环节", "in long-term keeping"),
}
_TASK_STATES: Final[Mapping[str, Words]] = {"open": ("待回答", "open"), "answered": ("已回答", "answered")}
_ENDINGS: Final[Mapping[str, Words]] = {
    "award": ("成交", "award"),
    "failed": ("未成交", "failed"),
    "terminated": ("终止", "terminated"),
}
_NOTHING: Final = "—"
_NAMED: Final = 10
"""So many files are named beside what was found in them; of more the number is told, and the JSON form has them all."""


@dataclass(frozen=True)
class Cell:
    """What stands in one place: Chinese, and in smaller letters the same in English or what belongs to it."""

    text: str
    beside: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with pairs of name and value, then a table, then a remark; each may be missing.

    `widths` are the parts of the page's width that the columns get.
    """

    heading: Words
    pairs: Sequence[tuple[Words, str]] = ()
    columns: Sequence[Words] = ()
    widths: Sequence[float] = ()
    rows: Sequence[Sequence[Cell]] = ()
    remark: Words | None = None


@dataclass(frozen=True)
class Layout:
    """A whole report. `ruling` is its one word."""

    title: Words
    subtitle: str
    ruling: str
    ruling_words: Words
    sections: Sequence[Section] = field(default_factory=tuple)


def layout_of(facts: Mapping[str, Any]) -> Layout:
    """The layout of a report's facts."""
    volume = facts["volume"]
    sections = [
        _about(facts),
        _natures(facts["natures"]),
        _checks(("案卷检测项", "Checks of the volume"), facts["checks"]),
        _items(facts["items"]),
        *_findings(facts["items"]),
        _tasks(facts["tasks"]),
        _how(facts),
    ]
    return Layout(
        ("四性检测报告", "Report on the four-nature checks"),
        " ".join(filter(None, (volume["reference_code"] or volume["id"], volume["project"], volume["section"]))),
        facts["ruling"],
        _RULINGS[facts["ruling"]],
        tuple(sections),
    )


def _about(facts: Mapping[str, Any]) -> Section:
    volume, run = facts["volume"], facts["run"]
    return Section(
        ("案卷", "Volume"),
        pairs=(
            (("档号", "Reference code"), _text(volume["reference_code"])),
            (("项目", "Project"), _text(volume["project"])),
            (("项目编号", "Project code"), _text(volume["project_code"])),
            (("标段", "Bid section"), _text(volume["section"])),
            (("结果", "Outcome"), _both(_ENDINGS.get(volume["outcome"], (_text(volume["outcome"]), "")))),
            (("办结日期", "Ended on"), _text(volume["ended_on"])),
            (("归档时间", "Closed at"), _moment(volume["closed_at"])),
            (("保管期限", "Retention"), _text(volume["retention"])),
            (("件数", "Items"), str(volume["items"])),
            (("声明缺失的类目", "Gaps declared"), "、".join(volume["declared"]) or _NOTHING),
            (("检测环节", "Phase"), _both(_PHASES[run["phase"]])),
            (("检测时间", "Checked at"), _moment(run["at"])),
            (("结论", "Verdict"), _both(_RULINGS[facts["ruling"]])),
        ),
    )


def _natures(natures: Mapping[str, Mapping[str, int]]) -> Section:
    return Section(
        ("四性概况", "The four natures"),
        columns=(("性质", "Nature"), *_OUTCOMES.values()),
        widths=(0.28, 0.18, 0.18, 0.18, 0.18),
        rows=[
            (Cell(*_NATURES[nature]), *(Cell(str(counts[outcome])) for outcome in _OUTCOMES))
            for nature, counts in natures.items()
        ],
        remark=(
            "数字为案卷及卷内各件检测结果之和。未检测不等于通过。",
            "Numbers count the results of the volume and its items together. Not checked is never passed.",
        ),
    )


def _checks(heading: Words, results: Sequence[Mapping[str, Any]]) -> Section:
    columns: list[Words] = [("编号", "Code"), ("检测项", "Check"), ("结果", "Outcome"), ("说明", "Reason")]
    rows = [_row(result) for result in results]
    empty = ("没有检测项。", "No checks were made.")
    widths = (0.11, 0.31, 0.14, 0.44)
    return Section(heading, columns=columns, widths=widths, rows=rows, remark=None if rows else empty)


def _row(result: Mapping[str, Any]) -> tuple[Cell, ...]:
    sentence = result["sentence"] or {"zh": _NOTHING, "en": ""}
    name = Cell(result["name"]["zh"], result["name"]["en"])
    outcome = Cell(*_OUTCOMES[result["outcome"]])
    return Cell(result["code"], result["rule_version"]), name, outcome, Cell(sentence["zh"], sentence["en"])


def _items(items: Sequence[Mapping[str, Any]]) -> Section:
    rows = []
    for item in items:
        counts, beside = item["outcomes"], item["reason"] or {"zh": "", "en": ""}
        ruling = _RULINGS[item["ruling"]]
        size = sum(file["size"] for file in item["files"])
        rows.append(
            (
                Cell(_text(item["number"])),
                Cell(item["title"], " ".join(filter(None, (item["reference_code"], item["class_code"])))),
                Cell(str(len(item["files"])), f"{size} B"),
                Cell(" / ".join(str(counts[outcome]) for outcome in _OUTCOMES), beside["zh"] + beside["en"]),
                Cell(ruling[0], " ".join((ruling[1], *item["holding"]))),
            )
        )
    return Section(
        ("卷内文件", "Items"),
        columns=(
            ("件号", "No."),
            ("题名", "Title"),
            ("文件", "Files"),
            ("通过/不通过/不适用/未检测", "passed / failed / not applicable / not checked"),
            ("结论", "Verdict"),
        ),
        widths=(0.07, 0.45, 0.12, 0.2, 0.16),
        rows=rows,
    )


def _findings(items: Sequence[Mapping[str, Any]]) -> list[Section]:
    """What was not good, each thing once with the items that it was found in: thousands may lack the same."""
    grouped: dict[tuple[Cell, ...], dict[str, list[str]]] = {}
    for item in items:
        for finding in item["findings"]:
            files = grouped.setdefault(_row(finding), {}).setdefault(_text(item["number"]), [])
            files += [finding["file"]] if finding["file"] else []
    if not grouped:
        return []
    left = sum(item["findings_left_out"] for item in items)
    return [
        Section(
            ("各件的问题", "Findings of the items"),
            columns=(("编号", "Code"), ("检测项", "Check"), ("件号", "Items"), ("结果", "Outcome"), ("说明", "Reason")),
            widths=(0.11, 0.22, 0.23, 0.12, 0.32),
            rows=[(code, name, _where(found), *rest) for (code, name, *rest), found in grouped.items()],
            remark=(f"另有 {left} 条未列出。", f"{left} more are not listed.") if left else None,
        )
    ]


def _where(found: Mapping[str, Sequence[str]]) -> Cell:
    """The numbers of items, runs of them drawn together, and the files where there are few."""
    runs: list[list[str]] = []
    for number in found:
        follows = runs and number.isdecimal() and runs[-1][-1].isdecimal() and int(number) == int(runs[-1][-1]) + 1
        if follows:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    files = [file for each in found.values() for file in each]
    named = "；".join(files) if len(files) <= _NAMED else f"{len(files)} 个文件 files"
    return Cell("、".join("–".join(run) for run in runs), named)


def _tasks(tasks: Sequence[Mapping[str, Any]]) -> Section:
    rows = [
        (
            Cell(task["code"], task["id"]),
            Cell(task["name"]["zh"], task["name"]["en"]),
            Cell(*_TASK_STATES[task["state"]]),
            Cell(*(_OUTCOMES[task["outcome"]] if task["outcome"] else (_NOTHING, ""))),
            Cell(task["note"] or _NOTHING, " ".join(filter(None, (task["actor"], task["answered_at"])))),
        )
        for task in tasks
    ]
    return Section(
        ("人工与外部服务检测项", "What people and services answer"),
        columns=(
            ("编号", "Code"),
            ("检测项", "Check"),
            ("状态", "State"),
            ("结果", "Outcome"),
            ("意见", "Note"),
        ),
        widths=(0.16, 0.3, 0.12, 0.12, 0.3),
        rows=rows,
        remark=None if rows else ("没有需人工回答的检测项。", "Nothing was put before a person."),
    )


def _how(facts: Mapping[str, Any]) -> Section:
    run = facts["run"]
    tools = "；".join(f"{code} {'、'.join(each)}" for code, each in run["tools"].items())
    return Section(
        ("检测方式", "How it was checked"),
        pairs=(
            (("检测号", "Run"), f"{run['id']} · {run['number']}"),
            (("策略版本", "Policy"), _text(run["policy"])),
            (("规则与工具指纹", "Fingerprint of rules and tools"), _text(run["fingerprint"])),
            (("工具", "Tools"), tools or _NOTHING),
        ),
        remark=(facts["font"]["zh"], facts["font"]["en"]),
    )


def _text(value: object) -> str:
    return _NOTHING if value is None or value == "" else str(value)


def _both(words: Words) -> str:
    return f"{words[0]} {words[1]}".strip()


def _moment(moment: str | None) -> str:
    """A moment of the facts to the second, for reading; the facts have it to the microsecond."""
    return f"{moment[:10]} {moment[11:19]} UTC" if moment else _NOTHING
