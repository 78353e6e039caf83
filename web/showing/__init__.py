"""How values are shown: times, sizes, names, documents, differences, proofs. No requests, no templates."""
