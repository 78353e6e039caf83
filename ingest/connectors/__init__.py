"""Connectors: one for each way a trading system delivers, all behind one port."""
