"""The index on Elasticsearch 9, for archives of several machines. `client` is the only module that knows the library.

    name                the alias that readers and writers go by; it stands for the generation in use
    name-v1-000001      a generation, one index; `v1` is the layout of its documents
    name-claim          who fills a new generation just now, and until when without a further sign of life

A generation is written to under an alias of its own, `name-v1-000001-write`: where an index is missing the server makes
one up, with a layout of its own invention, but where an alias is missing it refuses. While it is being filled it has
another, `name-v1-000001-fill`, without which it can never come into use.
"""
