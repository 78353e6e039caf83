"""PostgreSQL, MinIO, Elasticsearch, Tika, RabbitMQ and Redis on this machine, without a Docker daemon.

Everything that runs lies under one folder: data, logs, ports and passwords, all made anew by `start` where they are
missing. Programs lie in a cache that many checkouts share. Standard library only: it works before anything is set up.
"""
