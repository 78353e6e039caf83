"""Everything that can be set: names, defaults and what they mean. What reads them is `archive.settings`."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Setting:
    """One thing that can be set.

    In `default`, `{home}` stands for the home folder and `{cores}` for the number of processor cores.
    """

    name: str
    default: str
    help_zh: str
    help_en: str


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "ARCHIVE_HOME",
        ".juanzong",
        "档案馆的数据目录：数据库、原件、索引、密钥都在其中。命令行的 --home 优先。",
        "The folder that holds everything: database, bytes, index, keys. `--home` on the command line wins.",
    ),
    Setting(
        "ARCHIVE_DATABASE_URL",
        "sqlite:///{home}/archive.db",
        "数据库地址：sqlite:///文件，或 postgresql+psycopg://用户:口令@主机/库。",
        "Where the database is: `sqlite:///file` or `postgresql+psycopg://user:password@host/name`.",
    ),
    Setting(
        "ARCHIVE_DATABASE_POOL",
        "8",
        "每个进程至多保持几个数据库连接，1 至 100。",
        "How many connections to the database one process keeps at most, 1 to 100.",
    ),
    Setting(
        "ARCHIVE_DATABASE_STATEMENT_SECONDS",
        "60",
        "一条数据库语句最长几秒，1 至 3600；只对 PostgreSQL 有效。",
        "How many seconds one statement may take, 1 to 3600; PostgreSQL only.",
    ),
    Setting(
        "ARCHIVE_BLOBS_URL",
        "file://{home}/blobs",
        "原件存储的地址，内容寻址、一次写入：file://目录，或 s3+http(s)://访问键:密钥@主机:端口/桶。",
        "Where the bytes lie, addressed by content and written once: `file://folder` or "
        "`s3+http(s)://access:secret@host:port/bucket`.",
    ),
    Setting(
        "ARCHIVE_BLOBS_RETENTION_DAYS",
        "0",
        "原件在对象存储中锁定几天（合规模式，任何人不能删除），0 至 36500；0 表示不锁定。只对 S3 有效。",
        "For how many days the object store locks each file against everybody (compliance mode), 0 to 36500; "
        "0 does not lock. S3 only.",
    ),
    Setting(
        "ARCHIVE_SEARCH_URL",
        "tantivy://{home}/index",
        "全文索引的地址；可随时删除并重建：tantivy://目录，或 elastic+http(s)://用户:口令@主机:端口/名称。",
        "Where the full-text index is; it can be thrown away and rebuilt at any time: `tantivy://folder` or "
        "`elastic+http(s)://user:password@host:port/name`.",
    ),
    Setting(
        "ARCHIVE_QUEUE_URL",
        "table://",
        "用什么唤醒处理进程：table:// 为轮询任务表，amqp://… 为 RabbitMQ，redis://… 为 Redis。任务始终以任务表为准。",
        "What wakes the workers: `table://` looks into the table of jobs, `amqp://…` is RabbitMQ, `redis://…` Redis. "
        "The table of jobs is the truth in each case.",
    ),
    Setting(
        "ARCHIVE_TIKA_URL",
        "",
        "Tika 服务的地址（http://主机:端口），读取自带读取器不认识的格式；空为不用。",
        "Where a Tika server is (`http://host:port`) that reads the formats ours do not; empty for none.",
    ),
    Setting(
        "ARCHIVE_CLAMD_URL",
        "",
        "病毒扫描服务 clamd 的地址：tcp://主机:端口 或 unix:///路径；空为没有，文件记为“未检测”，由中心的策略决定去留。",
        "Where the virus scanner clamd is, `tcp://host:port` or `unix:///path`; empty for none: files are then not "
        "checked for viruses, which is said of each, and the centre's policy decides.",
    ),
    Setting(
        "ARCHIVE_VERAPDF_URL",
        "",
        "veraPDF 服务的地址（http://主机:端口），检验 PDF/A；空为没有，文件自称的 PDF/A 只记为声明，不算通过。",
        "Where a veraPDF server is (`http://host:port`) that validates PDF/A; empty for none: what a file claims of "
        "itself is then kept as a claim and never counts as passed.",
    ),
    Setting(
        "ARCHIVE_TRUST_LIST",
        "{home}/trust-list",
        "信任列表目录：trust.toml 写明版本，以及受信任的根证书、中间证书和吊销列表。没有此目录时不信任任何签名者。",
        "The folder of the trust list: `trust.toml` with its version, trusted roots, intermediates and revocation "
        "lists. Without it nobody's signature is trusted.",
    ),
    Setting(
        "ARCHIVE_FORMAT_POLICY",
        "",
        "本中心的格式策略文件（TOML，写明版本；以 ingest/formats/policy.toml 为样本）；空为用自带的策略。",
        "The centre's own policy of formats, a TOML file with a version, after the pattern of "
        "`ingest/formats/policy.toml`; empty for the one that comes with the archive.",
    ),
    Setting(
        "ARCHIVE_FILE_SECONDS",
        "25",
        "检查一个文件最长几秒，5 至 600。到时中止，未做完的各项记为“未检测”。",
        "How many seconds looking into one file may take, 5 to 600; what is not done by then is not checked.",
    ),
    Setting(
        "ARCHIVE_FILE_MEMORY_MIB",
        "1024",
        "检查文件的隔离进程最多用多少 MiB 内存，512 至 65536。超出时只是该文件未检测，档案馆不受影响。",
        "How many MiB of memory the isolated process that looks into files may take, 512 to 65536; a file that asks "
        "for more is not checked, and the archive goes on.",
    ),
    Setting(
        "ARCHIVE_WORKERS",
        "{cores}",
        "同时工作的进程数，1 至 256。默认等于处理器核数。",
        "How many processes work at once, 1 to 256. By default as many as there are processor cores.",
    ),
    Setting(
        "ARCHIVE_LEASE_SECONDS",
        "60",
        "一个任务的租期（秒），5 至 3600；到期未续，由别的进程接手。",
        "For how many seconds a worker holds a job, 5 to 3600; when the lease runs out, another worker takes over.",
    ),
    Setting(
        "ARCHIVE_JOB_ATTEMPTS",
        "5",
        "一个任务最多尝试几次，1 至 100；之后等人处理。",
        "How often a job is tried, 1 to 100, before it waits for a person.",
    ),
    Setting(
        "ARCHIVE_SYNC_MINUTES",
        "15",
        "常驻处理进程每隔几分钟读取一次来源，1 至 1440。",
        "How many minutes lie between two readings of every source by the resident worker, 1 to 1440.",
    ),
    Setting(
        "ARCHIVE_SECRETS",
        "{home}/secrets",
        "凭据目录：来源配置中写 secret:名称，凭据本身放在此目录的同名文件中，只允许所有者读取（权限 0600）。",
        "The folder of credentials: where a source names `secret:NAME`, the secret itself is the file NAME in here, "
        "readable by its owner only (mode 0600).",
    ),
    Setting(
        "ARCHIVE_PLAN",
        "national-2026-1",
        "所用分类方案（分类、保管期限、档号模板）的编号。",
        "Which plan is followed: classes, retention periods, number templates.",
    ),
    Setting(
        "ARCHIVE_WEB_HOST",
        "127.0.0.1",
        "网页服务监听的地址。",
        "The address the web server listens on.",
    ),
    Setting(
        "ARCHIVE_WEB_PORT",
        "8000",
        "网页服务的端口，0 至 65535；0 表示任取一个空闲端口。",
        "The port of the web server, 0 to 65535; 0 takes any free one.",
    ),
    Setting(
        "ARCHIVE_SESSION_HOURS",
        "8",
        "登录后几小时失效，1 至 168。",
        "After how many hours a login ends, 1 to 168.",
    ),
    Setting(
        "ARCHIVE_UPLOAD_GIB",
        "32",
        "人工上传的单个文件最大多少 GiB，1 至 4096。",
        "The largest file that people may upload, in GiB, 1 to 4096.",
    ),
    Setting(
        "ARCHIVE_TIMEZONE",
        "Asia/Shanghai",
        "页面和目录中日期所用的时区；存储一律为协调世界时。",
        "The time zone of dates on pages and in catalogues; what is stored is always UTC.",
    ),
    Setting(
        "ARCHIVE_CENTRE_NAME",
        "示例公共资源交易中心",
        "交易中心的名称，显示在页面和证据包中。",
        "The name of the trading centre, shown on pages and in evidence bundles.",
    ),
    Setting(
        "ARCHIVE_CENTRE_REGION",
        "370000",
        "交易中心的行政区划代码（GB/T 2260，六位数字）。",
        "The region code of the centre (GB/T 2260, six digits).",
    ),
    Setting(
        "ARCHIVE_FONDS",
        "Z001",
        "全宗号：一个大写字母加三位数字。默认值只作占位，正式使用前请换成档案主管部门给的号。",
        "The fonds code: one capital letter and three digits. The default only holds the place: "
        "put in the code given by the archives authority before real use.",
    ),
    Setting(
        "ARCHIVE_LEDGER_ORIGIN",
        "juanzong.local/ledger",
        "账本的名称，写在每个签名检查点的第一行；定下后不再更改。",
        "The name of the ledger, first line of every signed checkpoint; never changed once chosen.",
    ),
    Setting(
        "ARCHIVE_LOG_LEVEL",
        "info",
        "日志的详细程度：debug、info、warning 或 error。",
        "How much is logged: debug, info, warning or error.",
    ),
    Setting(
        "ARCHIVE_LOG_FORMAT",
        "text",
        "日志的写法：text 供人看，json 每行一个 JSON 对象。",
        "How the log is written: `text` for people, `json` for one JSON object a line.",
    ),
    Setting(
        "ARCHIVE_METRICS_TOKEN",
        "",
        "读取 /metrics 所需的令牌；空则不提供。",
        "The token that `/metrics` asks for; without one there are no metrics.",
    ),
    Setting(
        "ARCHIVE_TRACES_URL",
        "",
        "OpenTelemetry 跟踪数据送往的地址（OTLP/HTTP）；空则不送。需安装 juanzong[traces]。",
        "Where OpenTelemetry traces are sent (OTLP over HTTP); empty for nowhere. Needs `juanzong[traces]`.",
    ),
)
