"""Bytes in a bucket of an S3 service: the only place that knows the client library."""
