"""The database end of the exchange connector; all that it knows of documents stands in `ingest.connectors.exchange`."""
