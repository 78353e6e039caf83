"""The registered sources, and what is remembered of each of their documents."""
