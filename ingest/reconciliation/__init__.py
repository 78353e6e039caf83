"""Reconciliation (对账): what a source says it has against what the archive holds of it, document by document."""
