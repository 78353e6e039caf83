"""Encapsulated electronic records of DA/T 48-2009 (EEP): one XML document, with the files in it or beside it.

Elements are those of the standard's schema as its users publish it. Which of them are mandatory is judged only as far
as DA/T 46 demands them: a title is, others are warnings. That a file may lie beside the document, named by 计算机文件名
where 编码数据 is empty, is this project's proposal for recordings, which no document can hold.
Signatures are located and counted; they are not verified here, and a finding says so.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from archive.errors import InvalidInput
from ingest.packages.comparing import compare, settled_by_reading
from ingest.packages.descriptions import FILE_NAME, described_path, digests_said, size_said
from ingest.packages.digests import differing, settled
from ingest.packages.eep_content import CONTENT, Content, read_contents, stream_of
from ingest.packages.findings import Findings
from ingest.packages.markup import Element
from ingest.packages.members import Members
from ingest.packages.names import shown
from ingest.packages.records import PackedFile, PackedRecord

NAMESPACE: Final = "http://www.saac.gov.cn/standards/ERM/encapsulation"
ROOT: Final = "电子文件封装包"

_OPENING: Final = 4096
_MOST_CANDIDATES: Final = 100
_KINDS: Final = ("原始型", "修改型")
_SIGNED: Final = ("封装包类型", "封装包创建时间", "封装包创建单位")
_OF_RECORDS: Final = ("聚合层次", "来源", "电子文件号", "档号")
_OF_SIGNATURES: Final = ("签名标识符", "签名时间", "签名人", "签名结果", "签名算法标识")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_SAID: Final = {
    "题名": "title",
    "档号": "archival_number",
    "电子文件号": "record_number",
    "责任者": "creator",
    "日期": "dated",
    "文件编号": "document_number",
    "密级": "classification",
    "保管期限": "retention",
}


@dataclass(frozen=True)
class _Encoded:
    """One 编码: a file in the document, or beside it."""

    element: Element
    content: Content


def eep_documents(members: Members) -> list[bytes]:
    """The encapsulations at the top of a package, told by how they begin."""
    candidates = [path for path in members if b"/" not in path and path.lower().endswith((b".xml", b".eep"))]
    return sorted(path for path in candidates[:_MOST_CANDIDATES] if _begins(members, path))


def is_eep(members: Members) -> bool:
    """Whether there is an encapsulation at the top."""
    return bool(eep_documents(members))


def validate_eep(members: Members, findings: Findings) -> str:
    """Judge every encapsulation of a package, its content and the files beside it; the version they claim."""
    version = ""
    named: set[bytes] = set()
    documents = eep_documents(members)
    for path in documents:
        try:
            root, contents = read_contents(members[path])
        except InvalidInput as error:
            findings.caught(error, shown(path))
            continue
        version = root.said("版本")[:16] or version
        _look_at(root, contents, path, members, named, findings)
    for path in members:
        if path not in named and path not in documents:
            findings.warning("package-file-undescribed", shown(path), document=shown(documents[0]))
    return version


def eep_records(members: Members) -> Iterator[PackedRecord]:
    """Every 文件实体 as a record; its main document is the one that says so, else the first.

    Raises:
        InvalidInput: a document cannot be read (`package-xml`), or names a file outside (`manifest-path-unsafe`).
    """
    for path in eep_documents(members):
        root, contents = read_contents(members[path])
        encoded = {id(one.element): one for one in _encoded(root, contents)}
        for number, entity in enumerate(_entities(root), start=1):
            said = {}
            for name, key in _SAID.items():
                value = _own(entity, name)
                if value:
                    said[key] = value
            documents = sorted(
                entity.descendants("文档"), key=lambda one: not one.said("文档主从声明").startswith("主")
            )
            files = [
                _packed(encoded[id(element)], path, members)
                for document in documents
                for element in document.descendants("编码")
            ]
            name = said.get("record_number") or said.get("archival_number") or f"{shown(path)}#{number}"
            yield PackedRecord(name, tuple(files), (PackedFile(path, members[path].open),), said)


def _begins(members: Members, path: bytes) -> bool:
    try:
        with members[path].open() as stream:
            opening = stream.read(_OPENING)
    except (InvalidInput, OSError):
        # What cannot be read is told when the package as a whole is.
        return False
    encodings = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
    return any(
        f"<{ROOT}".encode(encoding) in opening or f":{ROOT}".encode(encoding) in opening for encoding in encodings
    )


def _look_at(
    root: Element,
    contents: dict[int, Content],
    path: bytes,
    members: Members,
    named: set[bytes],
    findings: Findings,
) -> None:
    place = shown(path)
    if root.name != ROOT or root.namespace != NAMESPACE:
        findings.error("eep-namespace", place, wanted=NAMESPACE)
    for name in ("封装包格式描述", "版本"):
        if not root.said(name):
            findings.error("eep-element-missing", place, element=name, within=ROOT)
    signed = root.first("被签名对象")
    if signed is None:
        findings.error("eep-element-missing", place, element="被签名对象", within=ROOT)
        return
    _look_at_signed(signed, place, findings)
    for entity in _entities(root):
        _look_at_entity(entity, place, findings)
    for one in _encoded(root, contents):
        _look_at_content(one, path, members, named, findings)
    _look_at_signatures(root, place, findings)


def _look_at_signed(signed: Element, place: str, findings: Findings) -> None:
    version = signed.attributes.get("eep版本", "")
    if version != "2009":
        findings.warning("eep-version", place, version=version[:16])
    for name in _SIGNED:
        if not signed.said(name):
            findings.error("eep-element-missing", place, element=name, within="被签名对象")
    kind = signed.said("封装包类型")
    if kind and kind not in _KINDS:
        findings.error("eep-value", place, element="封装包类型", value=kind[:40], wanted="、".join(_KINDS))
    moment = signed.said("封装包创建时间")
    if moment and not _MOMENT.fullmatch(moment):
        findings.warning("eep-value", place, element="封装包创建时间", value=moment[:40], wanted="2009-01-31T09:30:00")
    if signed.first("封装内容") is None and signed.first("修改封装内容") is None:
        findings.error("eep-element-missing", place, element="封装内容", within="被签名对象")
    elif not any(signed.descendants("文件实体块")):
        findings.error("eep-element-missing", place, element="文件实体块", within="封装内容")
    elif not any(signed.descendants("文件实体")):
        findings.warning("eep-entity-unwrapped", place)


def _entities(root: Element) -> list[Element]:
    """Every 文件实体; some writers leave it out and put what belongs into it straight into the block."""
    found = list(root.descendants("文件实体"))
    return found or [block for block in root.descendants("文件实体块") if block.children]


def _own(entity: Element, name: str) -> str:
    """What an entity says of itself, not what its documents say of themselves."""
    waiting = deque(entity.children)
    while waiting:
        element = waiting.popleft()
        if element.name == name and element.text.strip():
            return element.text.strip()
        if element.name != "文件数据":
            waiting.extend(element.children)
    return ""


def _look_at_entity(entity: Element, place: str, findings: Findings) -> None:
    if not _own(entity, "题名"):
        findings.error("package-title-missing", place)
    for name in _OF_RECORDS:
        if not _own(entity, name) and not any(child.name == name and child.children for child in entity.children):
            findings.warning("eep-metadata-missing", place, element=name)
    documents = list(entity.descendants("文档"))
    if not documents:
        findings.error("eep-element-missing", place, element="文档", within="文件实体")
    for document in documents:
        if not document.said("文档标识符"):
            findings.warning("eep-metadata-missing", place, element="文档标识符")
        if not any(document.descendants("编码")):
            findings.error("eep-element-missing", place, element="编码", within="文档")


def _encoded(root: Element, contents: dict[int, Content]) -> list[_Encoded]:
    found = []
    for element in root.descendants("编码"):
        data = element.first(CONTENT)
        found.append(_Encoded(element, contents.get(id(data), Content()) if data is not None else Content()))
    return found


def _look_at_content(one: _Encoded, document: bytes, members: Members, named: set[bytes], findings: Findings) -> None:
    about = one.element.first("电子属性") or one.element
    place, name = shown(document), about.said(FILE_NAME)
    if not name:
        findings.error("eep-element-missing", place, element=FILE_NAME, within="电子属性")
    size, digests = size_said(about), digests_said(about)
    if not digests:
        findings.warning("eep-digest-missing", place, file=name[:80])
    if not one.content.size and not one.content.broken:
        path = _beside(name, findings)
        if path is not None and path in members:
            named.add(path)
            compare(members[path], findings, size=size, digests=digests)
        elif name:
            findings.error("package-described-missing", shown(path or name.encode()), document=place)
        return
    if one.content.broken:
        findings.error("eep-content-broken", place, file=name[:80])
        return
    if size is not None and size != one.content.size:
        findings.error("manifest-size-differs", f"{place}/{name[:80]}", announced=size, found=one.content.size)
    for algorithm in differing(settled(digests, one.content.digests), one.content.digests):
        findings.error("manifest-digest-differs", f"{place}/{name[:80]}", algorithm=algorithm)


def _beside(name: str, findings: Findings) -> bytes | None:
    try:
        return described_path(name) if name else None
    except InvalidInput as error:
        findings.caught(error)
        return None


def _look_at_signatures(root: Element, place: str, findings: Findings) -> None:
    signatures = list(root.descendants("电子签名"))
    for signature in signatures:
        for name in _OF_SIGNATURES:
            if not signature.said(name):
                findings.error("eep-element-missing", place, element=name, within="电子签名")
    if signatures:
        findings.info("eep-signature-not-checked", place, number=len(signatures))
    else:
        findings.warning("eep-unsigned", place)


def _packed(one: _Encoded, document: bytes, members: Members) -> PackedFile:
    about = one.element.first("电子属性") or one.element
    name = about.said(FILE_NAME)
    path = described_path(name) if name else f"{one.content.order + 1}".encode()
    size, digests = size_said(about), digests_said(about)
    if one.content.size:
        holder = members[document]
        return PackedFile(
            path, lambda: stream_of(holder, one.content.order), size, settled(digests, one.content.digests)
        )
    if path not in members:
        raise InvalidInput("package-described-missing", name=shown(path), document=shown(document))
    return PackedFile(path, members[path].open, size, settled_by_reading(members[path], digests))
