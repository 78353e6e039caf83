"""Drops: places where a far end lays files down, in a folder, over SFTP or in a bucket, read by one connector."""
