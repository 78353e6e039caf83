"""What an exchange database is told, and how one is opened."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from archive.errors import InvalidInput
from ingest.connectors.exchange.connector import ExchangeConnector, Manner
from ingest.connectors.exchange.document import Reading, RowReader
from ingest.connectors.exchange.port import ExchangeTable, Shape, Status
from ingest.connectors.mapping import FieldMapping
from ingest.connectors.options import Options
from ingest.connectors.port import ConnectorKind, Context, Opened, Option
from ingest.connectors.rows import told
from ingest.exchange.repository import SqlExchangeTable, opened_engine, shown
from ingest.types import Source

_STATUS: Final = frozenset({"column", "untaken", "taken", "failed", "reason"})
_DELETED: Final = frozenset({"column", "values"})
_ENCODINGS: Final = frozenset({"", "gb18030", "gbk", "utf-8"})
_VANISHED: Final = frozenset({"flag", "withdraw", "keep"})
_LARGEST_BATCH: Final = 5_000


@contextmanager
def open_exchange(source: Source, context: Context) -> Iterator[Opened]:
    """A table of an exchange database, open for one reading.

    Raises:
        InvalidInput: the location or an option cannot be used, or there is no such table or column.
        SourceFailed: the database does not answer.
    """
    options = Options(KIND, source)
    password = context.secrets.text(options.text("password")) if options.text("password") else ""
    acknowledges = options.flag("acknowledge")
    with opened_engine(source.location, password, writes=acknowledges) as engine:
        table = SqlExchangeTable(engine, _shape(options), shown(source.location))
        if acknowledges and not table.shape.status.column:
            raise InvalidInput("exchange-option", option="status", wanted='{"column": …}')
        digest = told(source.options)
        mapping = FieldMapping(options.table("mapping"), context.locale)
        reader = RowReader(_reading(options, table, digest), mapping, context.locale)
        position = dict(source.position)
        connector = ExchangeConnector(table, reader, _manner(options, digest), context, position)
        # A table that is emptied lists nothing of what it once held: that a row is no longer there says nothing.
        inventory = None if options.text("vanished") == "keep" else connector.inventory
        yield Opened(connector, position, inventory=inventory, clock=table.now)


def _shape(options: Options) -> Shape:
    said = _texts(options, "status", _STATUS)
    status = Status(
        said.get("column", ""),
        said.get("untaken", "0"),
        said.get("taken", "1"),
        said.get("failed", "2"),
        said.get("reason", ""),
    )
    batch = options.number("batch")
    if not 1 <= batch <= _LARGEST_BATCH:
        raise InvalidInput("exchange-option", option="batch", wanted=f"1–{_LARGEST_BATCH}")
    return Shape(options.text("table"), options.texts("key"), options.text("order"), status, batch)


def _manner(options: Options, digest: str) -> Manner:
    if options.text("vanished") not in _VANISHED:
        raise InvalidInput("exchange-option", option="vanished", wanted="、".join(sorted(_VANISHED)))
    if options.number("overlap") < 0 or options.number("full_hours") < 0:
        raise InvalidInput("exchange-option", option="overlap、full_hours", wanted="≥ 0")
    return Manner(
        digest,
        options.flag("acknowledge"),
        options.number("overlap"),
        timedelta(hours=options.number("full_hours")),
        options.text("vanished"),
    )


def _reading(options: Options, table: ExchangeTable, digest: str) -> Reading:
    deleted = options.table("deleted")
    values = deleted.get("values", [])
    if deleted.keys() - _DELETED or not isinstance(values, list) or (deleted and not values):
        raise InvalidInput("exchange-option", option="deleted", wanted='{"column": …, "values": […]}')
    if options.text("encoding").lower() not in _ENCODINGS:
        raise InvalidInput("exchange-option", option="encoding", wanted="gb18030")
    version = options.text("version") or table.shape.order
    return Reading(
        data_set=options.text("data_set") or table.shape.table,
        key=table.shape.key,
        transport=frozenset(table.shape.status.columns()),
        told=digest,
        version=table.column(version) if version else "",
        deleted=table.column(str(deleted["column"])) if deleted else "",
        deleted_values=frozenset(str(value) for value in values),
        files=_files(options),
        attachments=_attachments(options, table),
        encoding=options.text("encoding"),
        ignored=frozenset(table.column(name) for name in options.texts("ignore")),
    )


def _files(options: Options) -> Path | None:
    said = options.text("files")
    if not said:
        if options.texts("attachments"):
            raise InvalidInput("source-option-missing", option="files", connector=KIND.name)
        return None
    root = Path(said)
    if not root.is_dir():
        raise InvalidInput("import-path", path=said, detail="no such folder")
    return root


def _attachments(options: Options, table: ExchangeTable) -> tuple[str, ...]:
    """The columns that list files: those named, else all that begin with M_ATT_."""
    named = options.texts("attachments")
    if named:
        return tuple(table.column(name) for name in named)
    return tuple(name for name in table.columns if name.upper().startswith("M_ATT_"))


def _texts(options: Options, name: str, known: frozenset[str]) -> Mapping[str, str]:
    said = options.table(name)
    usable = all(isinstance(value, str | int) for value in said.values())
    if said.keys() - known or not usable or (said and not said.get("column")):
        raise InvalidInput("exchange-option", option=name, wanted="、".join(sorted(known)))
    return {key: str(value) for key, value in said.items()}


KIND: Final = ConnectorKind(
    "exchange",
    "前置库（交换库）的一张表，每行一件",
    "a table of an exchange database, every row a document",
    open_exchange,
    (
        Option("table", "text", "表名，可写作 模式.表", "the table, if need be schema.table", required=True),
        Option("key", "list", "主键列，一列或多列", "the columns of the key", required=True),
        Option("order", "text", "递增列：更新时间或序号", "the column that grows: a time of change or a sequence"),
        Option(
            "status",
            "table",
            "状态列：column、untaken（缺省 0）、taken（1）、failed（2），可加 reason 列存失败原因",
            "the status: `column`, `untaken` (0), `taken` (1), `failed` (2), and `reason`, a column for why",
        ),
        Option(
            "acknowledge",
            "flag",
            "只取未取的行，入库提交后回写状态",
            "read rows not taken yet and write the status back once they are committed",
            default=False,
        ),
        Option(
            "deleted",
            "table",
            "逻辑删除：column 与 values，值相符的行视为来源已删除",
            "logical deletion: `column` and `values` that say that the source has deleted the row",
        ),
        Option(
            "version",
            "text",
            "版本列（M_VERSION、M_TM），乱序到达时以它分新旧；缺省为递增列",
            "the column that tells older from newer states (M_VERSION, M_TM); by default the one that grows",
        ),
        Option("mapping", "table", "字段映射：目标 → 来源字段", "field mapping: target → where it comes from"),
        Option("files", "text", "附件根目录，附件列中的相对路径由此算起", "the folder under which attachments lie"),
        Option(
            "attachments",
            "list",
            "列出附件路径的列；缺省为全部 M_ATT_ 开头的列",
            "columns that list attachments; by default all that begin with M_ATT_",
        ),
        Option("ignore", "list", "变化不算改动的列，如点击数", "columns whose change is none, such as counters"),
        Option(
            "encoding",
            "text",
            "库把 GB18030 文本当作 Latin-1 保存时填 gb18030",
            "gb18030 where the database keeps such text as if it were Latin-1",
        ),
        Option("data_set", "text", "对账时的数据集名，缺省为表名", "the data set to count under; by default the table"),
        Option("batch", "number", "每页行数", "rows to a page", default=500),
        Option(
            "overlap",
            "number",
            "增量回看：秒数；递增列是序号时为个数",
            "how far to look back: seconds, or numbers of a sequence",
            default=3_600,
        ),
        Option(
            "full_hours",
            "number",
            "至少每隔多少小时通读全表一次，0 为每次",
            "hours after which all of the table is read again; 0 is every time",
            default=24,
        ),
        Option(
            "vanished",
            "text",
            "表中不再有的行：flag 标记（缺省）、withdraw 视为撤回、keep 不管（来源会清空表时；也就无法由表对账）",
            "what a row means that is no longer there: `flag`, `withdraw`, or `keep` where the table is emptied, and "
            "then is no list to reconcile with",
            default="flag",
        ),
        Option("password", "secret", "口令的引用 secret:名称", "the password, as secret:NAME"),
    ),
)
