"""A drop in a bucket of an S3 service: `s3+https://host[:port]/bucket`, keys by option."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote

from archive.blobs.s3.address import SCHEMES, parse_address
from archive.blobs.s3.drop import DropBucket
from archive.errors import InvalidInput
from ingest.connectors.drop.bucket_tree import BucketTree
from ingest.connectors.drop.kinds import COMMON, PACKAGES, opened_drop
from ingest.connectors.drop.reading import Patience
from ingest.connectors.options import Options
from ingest.connectors.port import ConnectorKind, Context, Opened, Option
from ingest.connectors.secrets import Secrets
from ingest.types import Source

_FORM: Final = "s3+https://host/bucket"


@contextmanager
def open_bucket(source: Source, context: Context) -> Iterator[Opened]:
    """A drop in a bucket, open for one reading.

    Raises:
        InvalidInput: location, option or credential cannot be used.
        SourceFailed: the service does not answer or refuses the keys.
    """
    options = Options(KIND, source)
    tree = bucket_tree(source.location, options, context.secrets)
    with opened_drop(source, context, tree, options, Patience()) as opened:
        yield opened


def bucket_tree(location: str, options: Options, secrets: Secrets) -> BucketTree:
    """The tree at a location.

    Raises:
        InvalidInput: location, option or credential cannot be used.
    """
    scheme, found, rest = location.partition("://")
    if scheme not in SCHEMES or not found or "@" in rest:
        raise InvalidInput("source-location-form", form=_FORM)
    for name in ("access_key", "secret_key"):
        if not options.text(name):
            raise InvalidInput("source-option-missing", option=name, connector=KIND.name)
    access, secret = (secrets.text(options.text(name)) for name in ("access_key", "secret_key"))
    try:
        address = parse_address(f"{scheme}://{quote(access, safe='')}:{quote(secret, safe='')}@{rest}")
    except InvalidInput as error:
        raise InvalidInput("source-location-form", form=_FORM) from error
    prefix = address.prefix + options.text("prefix").strip("/")
    return BucketTree(DropBucket(address), prefix.rstrip("/") + "/" if prefix else "")


CREDENTIALS: Final = (
    Option("access_key", "secret", "访问密钥，写作 secret:名称", "the access key, as secret:NAME"),
    Option("secret_key", "secret", "私有密钥，写作 secret:名称", "the secret key, as secret:NAME"),
    Option("prefix", "text", "只接收键名以此开头的对象", "only objects whose keys begin with this are taken"),
)

KIND: Final = ConnectorKind(
    "bucket",
    "S3 存储桶中的交换区",
    "a drop in a bucket of an S3 service",
    open_bucket,
    (*COMMON, PACKAGES, *CREDENTIALS),
)
