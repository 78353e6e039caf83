"""Offline transfer packages of DA/T 93-2022, Appendix B, by item.

    说明文件.TXT
    目录文件.XML
    {全宗}/{分类}/{档号}/元数据.xml, and the files of the record
    其他/

Known of the layout is what stands above; the standard's text has not been compared. That every record of the catalogue
has a folder of its number and every folder is in the catalogue is judged as an error. How the catalogue names numbers
(an element 档号 each) and what metadata say of files (DA/T 46 elements) is this project's proposal.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from archive.errors import InvalidInput
from ingest.packages.comparing import compare, settled_by_reading
from ingest.packages.descriptions import (
    Described,
    announced_number,
    described_files,
    described_path,
    description,
    metadata,
)
from ingest.packages.findings import Findings
from ingest.packages.markup import Element
from ingest.packages.members import Member, Members
from ingest.packages.names import shown
from ingest.packages.records import PackedFile, PackedRecord

DESCRIPTION: Final = "说明文件.txt"
_CATALOGUE: Final = "目录文件.xml"
_METADATA: Final = "元数据.xml"
_OTHER: Final = "其他/"
_DEPTH: Final = 3
_SAID: Final = {"责任者": "creator", "日期": "dated", "密级": "classification", "保管期限": "retention"}


def is_dat93(members: Members) -> bool:
    """Whether there is a catalogue at the top, or a description beside folders of records."""
    names = {shown(path).lower() for path in members}
    records = any(name.endswith("/" + _METADATA) and name.count("/") == _DEPTH for name in names)
    return _CATALOGUE in names or (DESCRIPTION in names and records)


def validate_dat93(members: Members, findings: Findings) -> str:
    """Judge a package and read every file its metadata describe; its version is that of the standard."""
    top = {shown(path).lower(): path for path in members if b"/" not in path}
    folders = _folders(members, findings)
    if DESCRIPTION not in top:
        findings.error("dat93-description-missing", "说明文件.TXT")
    else:
        said = description(members[top[DESCRIPTION]], findings)
        number = announced_number(said) if said is not None else None
        if number is not None and number != len(folders):
            name = shown(top[DESCRIPTION])
            findings.error("package-count-differs", name, announced=number, found=len(folders))
    if _CATALOGUE not in top:
        findings.error("dat93-catalogue-missing", "目录文件.XML")
    else:
        _look_at_catalogue(members[top[_CATALOGUE]], folders, findings)
    for folder, files in folders.items():
        _look_at_record(folder, files, findings)
    for name, path in top.items():
        if name not in {DESCRIPTION, _CATALOGUE}:
            findings.warning("dat93-file-stray", shown(path))
    return "2022"


def dat93_records(members: Members) -> Iterator[PackedRecord]:
    """Every folder of a record: its number, what its metadata say, its files as they are described."""
    findings = Findings()
    for folder, files in _folders(members, findings).items():
        number = folder.rpartition("/")[2]
        own = next((member for name, member in files.items() if name.lower() == _METADATA), None)
        root = metadata(own, findings) if own is not None else None
        said = {"archival_number": number}
        order: list[Described] = []
        if root is not None:
            order = list(described_files(root))
            said |= _said(root)
        yield PackedRecord(
            number,
            tuple(_ordered(files, order, own)),
            () if own is None else (PackedFile(own.path, own.open),),
            said,
        )


def _said(root: Element) -> dict[str, str]:
    said = {}
    for name, key in (("题名", "title"), *_SAID.items()):
        value = next((one.text.strip() for one in root.descendants(name) if one.text.strip()), "")
        if value:
            said[key] = value
    return said


def _ordered(files: dict[str, Member], order: list[Described], own: Member | None) -> Iterator[PackedFile]:
    told = {_plain(one.name): one for one in order}
    names = [*(name for name in told if name in files), *sorted(name for name in files if name not in told)]
    for name in names:
        member = files[name]
        if member is own:
            continue
        given = told.get(name)
        if given is None:
            yield PackedFile(member.path, member.open)
        else:
            yield PackedFile(member.path, member.open, given.size, settled_by_reading(member, given.digests))


def _plain(name: str) -> str:
    return shown(described_path(name))


def _folders(members: Members, findings: Findings) -> dict[str, dict[str, Member]]:
    """The files of each record by their names within its folder, by the path of the folder."""
    found: dict[str, dict[str, Member]] = defaultdict(dict)
    for path, member in members.items():
        name = shown(path)
        parts = name.split("/")
        if len(parts) == 1 or name.startswith(_OTHER):
            continue
        if len(parts) <= _DEPTH:
            findings.warning("dat93-file-stray", name)
            continue
        found["/".join(parts[:_DEPTH])]["/".join(parts[_DEPTH:])] = member
    return dict(sorted(found.items()))


def _look_at_catalogue(member: Member, folders: dict[str, dict[str, Member]], findings: Findings) -> None:
    root = metadata(member, findings)
    if root is None:
        return
    name = shown(member.path)
    numbers = [one.text.strip() for one in root.descendants("档号") if one.text.strip()]
    if not numbers:
        findings.error("dat93-catalogue-empty", name)
        return
    held = {folder.rpartition("/")[2]: folder for folder in folders}
    seen: set[str] = set()
    for number in numbers:
        if number in seen:
            findings.error("dat93-number-twice", name, number=number[:80])
        elif number not in held:
            findings.error("dat93-folder-missing", name, number=number[:80])
        seen.add(number)
    for number, folder in held.items():
        if number not in seen:
            findings.error("dat93-folder-unlisted", folder)


def _look_at_record(folder: str, files: dict[str, Member], findings: Findings) -> None:
    own = next((member for name, member in files.items() if name.lower() == _METADATA), None)
    if own is None:
        findings.error("dat93-metadata-missing", folder)
        return
    if len(files) == 1:
        findings.error("dat93-content-missing", folder)
    root = metadata(own, findings)
    if root is None:
        return
    place = shown(own.path)
    numbers = [one.text.strip() for one in [root, *root.descendants("档号")] if one.name == "档号"]
    if not any(numbers):
        findings.error("dat93-number-missing", place)
    elif folder.rpartition("/")[2] not in numbers:
        findings.error("dat93-number-differs", place, number=next(filter(None, numbers))[:80], folder=folder)
    if not any(one.text.strip() for one in root.descendants("题名")):
        findings.error("package-title-missing", place)
    _look_at_files(folder, files, own, list(described_files(root)), findings)


def _look_at_files(
    folder: str, files: dict[str, Member], own: Member, described: list[Described], findings: Findings
) -> None:
    told: set[str] = set()
    without = 0
    for given in described:
        try:
            path = shown(described_path(given.name))
        except InvalidInput as error:
            findings.caught(error)
            continue
        member = files.get(path)
        if member is None:
            findings.error("package-described-missing", f"{folder}/{path}", document=shown(own.path))
            continue
        told.add(path)
        without += not given.digests
        compare(member, findings, size=given.size, digests=given.digests)
    for name, member in files.items():
        if name not in told and member is not own:
            # It is read all the same: whether it can be is worth knowing.
            without += 1
            findings.warning("package-file-undescribed", shown(member.path), document=shown(own.path))
            compare(member, findings)
    if without:
        findings.warning("package-digest-missing", shown(own.path), number=without)
