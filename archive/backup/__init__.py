"""Backup: everything that the archive cannot make again, in a folder, for either database and either store of bytes.

    bytes/ab/abcd…                     every file, content addressed, shared by all snapshots
    snapshots/<moment>/manifest.json   what the snapshot holds, written last
    snapshots/<moment>/rows/…          one file of JSON lines for each table
    snapshots/<moment>/blobs.txt.gz    the digests of the files that the rows refer to
    snapshots/<moment>/keys/ledger.key the key that signs checkpoints
    snapshots/<moment>/trust.json      the trust file

Rows are read in one consistent view and before the bytes: bytes are stored before the rows that name them, so whatever
the rows name is there. The search index is not kept; it is made again from the rows.
"""
