"""What an S3 service can do, looked at before anybody trusts it with bytes. See `docs/object-store.md`."""
