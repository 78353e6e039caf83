"""Sound packages of every kind, as files by their names, for tests to spoil."""

import base64
import io
import tarfile
import zipfile
from collections.abc import Mapping
from functools import partial
from hashlib import new, sha256
from io import BytesIO
from pathlib import Path

from ingest.packages.members import Member, Members, by_path
from ingest.packages.types import PackageReport
from ingest.packages.validating import validate_members

Files = dict[str, bytes]

NOTICE, SHEET = "招标公告正文".encode(), b"1,2,3\n"
NUMBER = "Z001-ZY·A01-2026-D30-00001-0001"


def members(files: Mapping[str, bytes]) -> Members:
    return by_path(Member(name.encode(), len(data), partial(BytesIO, data)) for name, data in files.items())


def report(files: Mapping[str, bytes]) -> PackageReport:
    return validate_members(members(files))


def codes(found: PackageReport, severity: str = "error") -> set[str]:
    return {finding.code for finding in found.findings if finding.severity == severity}


def laid(files: Mapping[str, bytes], folder: Path) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def zipped(files: Mapping[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in files.items():
            container.writestr(name, data)
    return path


def tarred(files: Mapping[str, bytes], path: Path) -> Path:
    with tarfile.open(path, "w") as container:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            container.addfile(info, io.BytesIO(data))
    return path


def sm3(data: bytes) -> str:
    return new("sm3", data).hexdigest()


def sums(files: Mapping[str, bytes], algorithm: str = "sha256") -> bytes:
    return "".join(f"{new(algorithm, data).hexdigest()}  {name}\n" for name, data in files.items()).encode()


def bag(version: str = "1.0", algorithm: str = "sha256") -> Files:
    payload = {"data/公告.txt": NOTICE, "data/附件/清单.csv": SHEET}
    tags = {
        "bagit.txt": f"BagIt-Version: {version}\nTag-File-Character-Encoding: UTF-8\n".encode(),
        "bag-info.txt": f"Payload-Oxum: {len(NOTICE) + len(SHEET)}.2\n".encode(),
        f"manifest-{algorithm}.txt": sums(payload, algorithm),
    }
    return {**tags, f"tagmanifest-{algorithm}.txt": sums(tags, algorithm), **payload}


def described(data: bytes) -> str:
    return (
        f'MIMETYPE="text/plain" SIZE="{len(data)}" CREATED="2026-05-04T09:30:00+08:00" '
        f'CHECKSUM="{sha256(data).hexdigest().upper()}" CHECKSUMTYPE="SHA-256" '
    )


def located(path: str) -> str:
    return f'LOCTYPE="URL" xlink:type="simple" xlink:href="{path}"'


def csip() -> Files:
    files = {
        "metadata/descriptive/dc.xml": b"<dc/>",
        "metadata/preservation/premis.xml": b"<premis/>",
        "documentation/read.txt": b"1",
        "schemas/mets.xsd": b"<schema/>",
        "representations/one/data/公告.txt": NOTICE,
    }
    groups = "".join(
        f'<fileGrp ID="g{number}" USE="{use}"><file ID="f{number}" {described(files[path])}>'
        f"<FLocat {located(path)}/></file></fileGrp>"
        for number, (use, path) in enumerate(
            {
                "Documentation": "documentation/read.txt",
                "Schemas": "schemas/mets.xsd",
                "Representations/one": "representations/one/data/公告.txt",
            }.items()
        )
    )
    dc, premis = "metadata/descriptive/dc.xml", "metadata/preservation/premis.xml"
    files["METS.xml"] = f"""<?xml version="1.0" encoding="UTF-8"?>
<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:csip="https://DILCIS.eu/XML/METS/CSIPExtensionMETS" OBJID="sip-1" LABEL="公告包" TYPE="Mixed"
 PROFILE="https://earkcsip.dilcis.eu/profile/E-ARK-CSIP-v2-1-0.xml">
<metsHdr CREATEDATE="2026-05-04T09:30:00+08:00" csip:OAISPACKAGETYPE="SIP">
<agent ROLE="CREATOR" TYPE="OTHER" OTHERTYPE="SOFTWARE"><name>maker</name>
<note csip:NOTETYPE="SOFTWARE VERSION">1</note></agent></metsHdr>
<dmdSec ID="d1" CREATED="2026-05-04T09:30:00+08:00"><mdRef MDTYPE="DC" {described(files[dc])}{located(dc)}/></dmdSec>
<amdSec><digiprovMD ID="p1"><mdRef MDTYPE="PREMIS" {described(files[premis])}{located(premis)}/></digiprovMD>
<rightsMD ID="r1"><mdRef MDTYPE="OTHER" {described(files[dc])}{located(dc)}/></rightsMD></amdSec>
<fileSec ID="s1">{groups}</fileSec>
<structMap ID="m1" TYPE="PHYSICAL" LABEL="CSIP"><div ID="v0" LABEL="sip-1">
<div ID="v1" LABEL="Metadata" ADMID="p1 r1" DMDID="d1"/>
<div ID="v2" LABEL="Documentation"><fptr FILEID="g0"/></div>
<div ID="v3" LABEL="Schemas"><fptr FILEID="g1"/></div>
<div ID="v4" LABEL="Representations/one"><fptr FILEID="g2"/></div></div></structMap></mets>""".encode()
    return files


def dat93() -> Files:
    place = f"Z001/ZY/{NUMBER}"
    about = f"""<?xml version="1.0" encoding="UTF-8"?><元数据><档号>{NUMBER}</档号><题名>道路工程招标公告</题名>
<责任者>某某中心</责任者><日期>2026-05-04</日期><电子属性><计算机文件名>公告.txt</计算机文件名>
<计算机文件大小>{len(NOTICE)}</计算机文件大小><校验码>{sm3(NOTICE)}</校验码></电子属性>
<电子属性><计算机文件名>清单.csv</计算机文件名><计算机文件大小>{len(SHEET)}</计算机文件大小>
<校验码 算法="SHA-256">{sha256(SHEET).hexdigest()}</校验码></电子属性></元数据>"""
    return {
        "说明文件.TXT": "移交单位：某某中心\r\n档案数量：1件\r\n".encode("gb18030"),
        "目录文件.XML": f"<目录><条目><档号>{NUMBER}</档号><题名>道路工程招标公告</题名></条目></目录>".encode(),
        f"{place}/元数据.xml": about.encode(),
        f"{place}/清单.csv": SHEET,
        f"{place}/公告.txt": NOTICE,
        "其他/封面.txt": b"1",
    }


def dat103() -> Files:
    content = {"项目管理/01_招标/01_招标公告.txt": NOTICE, "项目管理/02_开标/01_开标记录/记录.csv": SHEET}
    others = ("电子档案移交清单.xml", "元数据.xml", "审批留痕.txt", "移交接收登记表.txt", "命名规则说明.txt")
    said = "移交单位：某某中心\n内容描述：道路工程\n起止档号：0001-0002\n档案数量：2件\n载体：光盘\n读取环境：通用\n"
    return {
        "说明文件.TXT": said.encode(),
        **content,
        **{f"其他/{name}": b"1" for name in others},
        "其他/固化验证信息.txt": sums(content),
    }


def encoded(name: str, data: bytes, inline: str) -> str:
    return (
        f"<文档数据><编码><电子属性><格式信息>TXT</格式信息><计算机文件名>{name}</计算机文件名><大小>{len(data)}</大小>"
        f"<校验码>{sha256(data).hexdigest()}</校验码></电子属性><编码数据>{inline}</编码数据></编码></文档数据>"
    )


def eep() -> Files:
    inline = base64.encodebytes(NOTICE).decode()
    document = f"""<?xml version="1.0" encoding="UTF-8"?>
<电子文件封装包 xmlns="http://www.saac.gov.cn/standards/ERM/encapsulation"><封装包格式描述>DA/T 48-2009</封装包格式描述>
<版本>2009</版本><被签名对象 eep版本="2009"><封装包类型>原始型</封装包类型>
<封装包类型描述>原始封装</封装包类型描述><封装包创建时间>2026-05-04T09:30:00</封装包创建时间>
<封装包创建单位>某某中心</封装包创建单位><封装内容><文件实体块><文件实体><聚合层次>件</聚合层次>
<来源><全宗名称>某某中心</全宗名称></来源><电子文件号>E-1</电子文件号><档号>{NUMBER}</档号>
<内容描述><题名>道路工程招标公告</题名><日期>2026-05-04</日期></内容描述>
<文件数据><文档><文档标识符>修改0-文档2</文档标识符><文档主从声明>附属文档</文档主从声明>
{encoded("录像.bin", SHEET, "")}</文档>
<文档><文档标识符>修改0-文档1</文档标识符><文档主从声明>主文档</文档主从声明>
{encoded("公告.txt", NOTICE, inline)}</文档></文件数据></文件实体></文件实体块></封装内容></被签名对象>
<电子签名块><电子签名><签名标识符>修改0-签名1</签名标识符><签名规则>规则</签名规则>
<签名时间>2026-05-04T09:31:00</签名时间><签名人>某某</签名人><签名结果>AAAA</签名结果>
<签名算法标识>sha1WithRSAEncryption</签名算法标识></电子签名></电子签名块></电子文件封装包>"""
    return {"封装包.xml": document.encode(), "录像.bin": SHEET}


SOUND = {"bagit": bag, "csip": csip, "dat93": dat93, "dat103": dat103, "eep": eep}
