"""The pages: one module per surface or subject."""
