"""Filing packages of DA/T 103-2024, Appendix D (招标投标电子文件归档信息包).

    {卷号}/说明文件.TXT
    {卷号}/项目管理/01_阶段名/01_文件…
    {卷号}/其他/ 电子档案移交清单 · 元数据 · 固化验证信息 · 审批留痕 · 移交接收登记表 · 命名规则说明

Known of the layout is what stands above, from descriptions of the standard; its text has not been compared. The form
of the files in 其他 is not known: that each is there is asked, and missing ones are warnings. That 固化验证信息 holds
lines of digest and path is this project's proposal; in another form it is not compared, and that is said.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from archive.errors import InvalidInput
from ingest.packages.comparing import compare
from ingest.packages.descriptions import announced_number, description
from ingest.packages.digests import ALGORITHMS, hex_length
from ingest.packages.findings import Findings
from ingest.packages.members import Member, Members
from ingest.packages.names import safe_path, shown
from ingest.packages.records import PackedFile, PackedRecord

_DESCRIPTION: Final = "说明文件.txt"
_CONTENT: Final = "项目管理/"
_OTHER: Final = "其他/"
_FIXITY: Final = "固化验证信息"
_WANTED: Final = ("电子档案移交清单", "元数据", _FIXITY, "审批留痕", "移交接收登记表", "命名规则说明")
_FIELDS: Final = ("移交单位", "内容描述", "起止档号", "档案数量", "载体", "读取环境")
_ORDERED: Final = re.compile(r"(\d{2,4})[_\-.、 ](.+)", re.DOTALL)
_SUM: Final = re.compile(r"([0-9A-Fa-f]{32,128})[ \t,]+\*?(.+)")

Volume = dict[str, Member]
"""The files of one volume (卷) by their paths in it."""


def is_dat103(members: Members) -> bool:
    """Whether a folder 项目管理 lies at the top or in the folder of a volume, with a description or 其他 beside it.

    Other people have folders of that name too.
    """
    names = [shown(path) for path in members]
    beside = any(_is_beside(name) or _is_beside(name.partition("/")[2]) for name in names)
    return beside and any(name.startswith(_CONTENT) or name.partition("/")[2].startswith(_CONTENT) for name in names)


def _is_beside(name: str) -> bool:
    return name.lower() == _DESCRIPTION or name.startswith(_OTHER)


def validate_dat103(members: Members, findings: Findings) -> str:
    """Judge every volume of a package; its version is that of the standard."""
    for number, volume in _volumes(members).items():
        _look_at_volume(f"{number}/" if number else "", volume, findings)
    return "2024"


def dat103_records(members: Members) -> Iterator[PackedRecord]:
    """Every file or folder of files in a stage is a record: its order, its title, its stage, its volume."""
    findings = Findings()
    for number, volume in _volumes(members).items():
        sums = dict(_sums(volume, findings))
        about = tuple(
            PackedFile(member.path, member.open) for path, member in volume.items() if not path.startswith(_CONTENT)
        )
        for place, files in sorted(_records(volume).items()):
            stage, _, name = place.removeprefix(_CONTENT).partition("/")
            # A file has an ending, and the folder of a record may have a point in its name.
            title = _named(name.rpartition(".")[0] or name if place in files else name)
            said = {"title": title, "stage": _named(stage)} | ({"volume_number": number} if number else {})
            packed = (
                PackedFile(volume[path].path, volume[path].open, None, sums.get(path, {})) for path in sorted(files)
            )
            yield PackedRecord(f"{number}/{place}" if number else place, tuple(packed), about, said)


def _volumes(members: Members) -> dict[str, Volume]:
    """The volumes by their numbers; one whose folder was taken off as that of the whole package has the number ""."""
    alone = any(shown(path).startswith(_CONTENT) or shown(path).lower() == _DESCRIPTION for path in members)
    found: dict[str, Volume] = defaultdict(dict)
    for path, member in members.items():
        number, _, inside = ("", "", shown(path)) if alone else shown(path).partition("/")
        found[number][inside or number] = member
    return dict(sorted(found.items()))


def _records(volume: Volume) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in volume:
        parts = path.split("/")
        if path.startswith(_CONTENT) and len(parts) > 2:
            found["/".join(parts[:3])].append(path)
    return found


def _look_at_volume(prefix: str, volume: Volume, findings: Findings) -> None:
    records = _records(volume)
    own = next((member for path, member in volume.items() if path.lower() == _DESCRIPTION), None)
    if own is None:
        findings.error("dat103-description-missing", f"{prefix}说明文件.TXT")
    else:
        _look_at_description(own, len(records), findings)
    if not records:
        findings.error("dat103-content-missing", f"{prefix}{_CONTENT}")
    _look_at_order(prefix, records, findings)
    others = [path.removeprefix(_OTHER) for path in volume if path.startswith(_OTHER)]
    for wanted in _WANTED:
        if not any(name.startswith(wanted) for name in others):
            findings.warning("dat103-other-missing", f"{prefix}{_OTHER}{wanted}")
    for path in volume:
        if path.lower() != _DESCRIPTION and not path.startswith((_CONTENT, _OTHER)):
            findings.warning("dat103-file-stray", prefix + path)
        elif path.startswith(_CONTENT) and path.count("/") == 1:
            findings.error("dat103-file-without-stage", prefix + path)
    _look_at_sums(prefix, volume, records, findings)


def _look_at_description(member: Member, records: int, findings: Findings) -> None:
    said = description(member, findings)
    if said is None:
        return
    place = shown(member.path)
    for wanted in _FIELDS:
        if not said.get(wanted):
            findings.warning("package-description-field", place, field=wanted)
    number = announced_number(said)
    if number is not None and number != records:
        findings.error("package-count-differs", place, announced=number, found=records)


def _look_at_order(prefix: str, records: dict[str, list[str]], findings: Findings) -> None:
    """Stages and the files of each are numbered from one without a gap."""
    stages = sorted({place.split("/")[1] for place in records})
    _look_at_numbers(prefix + _CONTENT, stages, findings)
    for stage in stages:
        inside = sorted(place.split("/")[2] for place in records if place.split("/")[1] == stage)
        _look_at_numbers(f"{prefix}{_CONTENT}{stage}/", inside, findings)


def _look_at_numbers(place: str, names: list[str], findings: Findings) -> None:
    numbers = []
    for name in names:
        found = _ORDERED.fullmatch(name)
        if found is None:
            findings.warning("dat103-name-unordered", place + name)
        else:
            numbers.append(int(found[1]))
    if numbers and sorted(numbers) != list(range(1, len(numbers) + 1)):
        findings.warning("dat103-order-gap", place)


def _sums(volume: Volume, findings: Findings) -> Iterator[tuple[str, dict[str, str]]]:
    """Digests by path in the volume, as far as 固化验证信息 holds lines of them."""
    for path, member in volume.items():
        if not path.startswith(_OTHER + _FIXITY) or not path.lower().endswith((".txt", ".csv")):
            continue
        for line in (_text(member, findings) or "").splitlines():
            found = _SUM.fullmatch(line.strip())
            algorithm = _algorithm(path, found[1]) if found is not None else None
            if found is None or algorithm is None:
                continue
            try:
                yield shown(safe_path(found[2].strip().replace("\\", "/").encode())), {algorithm: found[1].lower()}
            except InvalidInput as error:
                findings.caught(error)


def _text(member: Member, findings: Findings) -> str | None:
    try:
        data = member.read()
    except InvalidInput as error:
        findings.caught(error, shown(member.path))
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _algorithm(path: str, digest: str) -> str | None:
    """The algorithm that the name of the list names (`固化验证信息_sm3.txt`), else the one of this length."""
    fitting = [algorithm for algorithm in ALGORITHMS if hex_length(algorithm) == len(digest)]
    return next((algorithm for algorithm in fitting if algorithm in path.lower()), fitting[0] if fitting else None)


def _look_at_sums(prefix: str, volume: Volume, records: dict[str, list[str]], findings: Findings) -> None:
    compared: set[str] = set()
    for path, digests in _sums(volume, findings):
        if path in volume:
            compare(volume[path], findings, digests=digests)
            compared.add(path)
        else:
            findings.error("package-described-missing", prefix + path, document=prefix + _OTHER + _FIXITY)
    files = {path for paths in records.values() for path in paths}
    if not compared:
        findings.info("dat103-fixity-not-checked", f"{prefix}{_OTHER}{_FIXITY}")
        for path in sorted(files):
            compare(volume[path], findings)
        return
    for path in sorted(files - compared):
        findings.warning("package-file-undescribed", prefix + path, document=prefix + _OTHER + _FIXITY)


def _named(name: str) -> str:
    found = _ORDERED.fullmatch(name)
    return found[2] if found else name
