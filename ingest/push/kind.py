"""What a pushing source is told."""

from typing import Final

from ingest.connectors.port import ConnectorKind, Option

SKEW_HOURS: Final = 12

KIND: Final = ConnectorKind(
    "push",
    "数据推送：V2.0 数据集，经 REST 或 SOAP 逐条推送",
    "data push: V2.0 data sets, sent message by message over REST or SOAP",
    None,
    (
        Option("token", "secret", "发送方令牌的引用，secret:名称", "the sender's token by reference", required=True),
        Option(
            "system_no",
            "text",
            "发送方在 SOAP 消息中的系统编号（SYSTEM_NO 或 appId）",
            "the sender's number in SOAP messages (SYSTEM_NO or appId)",
        ),
        Option(
            "files",
            "text",
            "附件所在目录的绝对路径，或 sftp:// 地址；消息按相对路径引用",
            "the folder of attachments, an absolute path or sftp://; messages refer to them by relative path",
        ),
        Option(
            "skew_hours",
            "number",
            "发送方时钟允许相差的小时数，缺省 12",
            "by how many hours the sender's clock may differ, 12 by default",
            default=SKEW_HOURS,
        ),
        Option(
            "key_alone",
            "flag",
            "DATA_KEY 在所有数据集中唯一，单独作为来源内编号",
            "DATA_KEY is unique over all data sets and is the id in the source by itself",
            default=False,
        ),
        # Of an SFTP server that `files` names; described here anew, for reading them there loads its client.
        Option("password", "secret", "附件服务器口令的引用", "the password at the files' server, as secret:NAME"),
        Option("private_key", "secret", "附件服务器私钥的引用", "the private key for it, as secret:NAME"),
        Option("passphrase", "secret", "该私钥口令的引用", "the passphrase of that key, as secret:NAME"),
        Option("host_key", "text", "附件服务器的公钥，形如 ssh-ed25519 AAAA…", "the public key of the files' server"),
        Option("known_hosts", "secret", "known_hosts 文件的引用", "a known_hosts file, as secret:NAME"),
        Option("seconds", "number", "等待应答的秒数", "seconds to wait for an answer", default=20),
    ),
)
