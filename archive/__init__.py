"""The kernel: records, volumes, plan, bytes, ledger and evidence. Nothing in it knows what is built on top."""
