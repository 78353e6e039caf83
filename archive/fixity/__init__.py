"""Fixity (固定性): proof, by reading everything again, that what is kept is what was taken in."""
