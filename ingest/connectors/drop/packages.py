"""Packages in a folder, on an SFTP server or in a bucket: a bag or a plain container is one document, others several.

A package is named by its path without `.zip`: delivered once as a folder and once as a container it is the same.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from archive.blobs.s3.address import SCHEMES
from archive.errors import SourceFailed
from ingest.connectors.drop import bucket, sftp
from ingest.connectors.drop.kinds import COMMON, opened_drop
from ingest.connectors.drop.local import LocalTree
from ingest.connectors.drop.reading import Patience
from ingest.connectors.drop.tree import Tree
from ingest.connectors.options import Options
from ingest.connectors.port import ConnectorKind, Context, Opened
from ingest.types import Source


@contextmanager
def open_packages(source: Source, context: Context) -> Iterator[Opened]:
    """A drop of packages, open for one reading.

    Raises:
        InvalidInput: location, option or credential cannot be used.
        SourceFailed: the drop does not answer.
    """
    options = Options(KIND, source)
    with ExitStack() as stack:
        tree: Tree
        scheme = source.location.partition("://")[0]
        if scheme == "sftp":
            tree = stack.enter_context(sftp.sftp_tree(source.location, options, context.secrets))
        elif scheme in SCHEMES:
            tree = bucket.bucket_tree(source.location, options, context.secrets)
        else:
            root = Path(source.location)
            if not root.is_dir():
                raise SourceFailed("source-unreachable", source=source.location, detail="no folder")
            tree = LocalTree(root)
        yield stack.enter_context(opened_drop(source, context, tree, options, Patience()))


KIND: Final = ConnectorKind(
    "packages",
    "数据包（ZIP、tar、BagIt、E-ARK、DA/T 93、DA/T 103、EEP），拆为其中各件；地址可为目录、SFTP 或存储桶",
    "packages (ZIP, tar, BagIt, E-ARK, DA/T 93, DA/T 103, EEP) in a folder, on an SFTP server or in a bucket",
    open_packages,
    (*COMMON, *sftp.CREDENTIALS, *bucket.CREDENTIALS),
)
