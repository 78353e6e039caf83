"""The surface: pages for three readers, the API, and the command line."""
