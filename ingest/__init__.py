"""The way in: connectors, the steps from capture to filing, and the people's queue."""
