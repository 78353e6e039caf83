"""The report on a volume: facts once, written as JSON, as a page and as a printable document."""
