"""Uploads that may be interrupted at any byte: how people deliver (tus 1.0.0, `web.api.uploads` speaks it)."""
