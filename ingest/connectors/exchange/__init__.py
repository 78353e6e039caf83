"""Exchange databases (前置库): tables that a trading system fills and we read, row by row."""
