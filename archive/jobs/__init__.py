"""Work to be done, as rows: durable, leased, done once. A lost message or a dead worker loses nothing."""
