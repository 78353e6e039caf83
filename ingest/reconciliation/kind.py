"""The archive as a source of its own: the reports of reconciliation are documents like any other."""

from typing import Final

from ingest.connectors.port import ConnectorKind

KIND: Final = ConnectorKind(
    "reconciliation",
    "本馆每日的数据汇聚对账单，由系统自行归档",
    "the archive's own daily reports of reconciliation, which it files itself",
    None,
)
