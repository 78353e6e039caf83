"""Wake-ups over a broker: the only module that knows Celery. RabbitMQ with quorum queues first, Redis second.

A message carries the id of a job and nothing else. The table of jobs stays the truth: a message that is lost is sent
again by whoever compares the two, one that comes twice finds the job taken, and a broker that is away costs time only.
"""

import os
import socket
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import structlog
from celery import Celery, signals
from celery.exceptions import SecurityWarning
from celery.worker.consumer import Consumer
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

from archive.errors import InvalidInput, Unavailable
from archive.jobs.pool import die_with
from archive.jobs.port import Lane
from archive.jobs.table import TableJobQueue
from archive.jobs.worker import Worker
from archive.servers import Described, Lack

Build = Callable[[str], tuple[Worker, TableJobQueue]]
"""Makes the worker of a given name, and the queue it works through."""

_SCHEMES = frozenset({"amqp", "amqps", "redis", "rediss"})
_TASK = "juanzong.job"
_PREFIX = "juanzong"
# A broker that is away is asked again after this, so that taking in documents does not wait for it each time.
_REST_SECONDS = 5.0
_CONNECT_SECONDS = 4.0
# Longer than any recording takes: no message is given to another worker while its job is being worked on.
_LONGEST_SECONDS = 43_200


class CeleryQueues:
    """The queues of one archive on a broker, one for each lane: a `Waker`, and where woken workers serve.

    `url` is that of the broker; `?queues=NAME` keeps several archives apart on one broker.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query))
        prefix = given.pop("queues", _PREFIX)
        try:
            port = parts.port
        except ValueError as error:
            # A password with a slash in it: what follows is taken for a port, and must not be shown.
            raise InvalidInput("queue-url", url=f"{parts.scheme}://") from error
        if parts.scheme not in _SCHEMES or not parts.hostname or given:
            raise InvalidInput("queue-url", url=f"{parts.scheme}://{parts.hostname or ''}")
        self.place = f"{parts.hostname}:{port or ''}".rstrip(":")
        self._quorum = parts.scheme.startswith("amqp")
        quorum = {"x-queue-type": "quorum"} if self._quorum else None
        self._queues = {lane: _queue(f"{prefix}.{lane}", quorum) for lane in Lane}
        self._app = _build_app(parts._replace(query="").geturl(), list(self._queues.values()))
        self._silent_until = 0.0
        self._probe: Any = None
        self._log = structlog.get_logger()

    def wake(self, lane: Lane, job_ids: Sequence[str]) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                for job_id in job_ids:
                    self._app.send_task(
                        _TASK, (job_id,), queue=self._queues[lane], producer=producer, ignore_result=True, retry=False
                    )
        except self._away as error:
            self._silent_until = time.monotonic() + _REST_SECONDS
            self._log.warning("queue.broker-away", broker=self.place, detail=type(error).__name__)

    def waiting(self, lane: Lane) -> int:
        """How many messages of a lane nobody has taken yet.

        Raises:
            Unavailable: the broker does not answer (`broker-unavailable`).
        """
        queue = self._queues[lane]
        try:
            if self._probe is None:
                # One that says nothing any more is given up: whoever asks has other things to do.
                waits = ("read_timeout", "write_timeout") if self._quorum else ("socket_timeout",)
                patience = dict.fromkeys(waits, _CONNECT_SECONDS)
                options = {**self._app.conf.broker_transport_options, **patience}
                connection = self._app.connection_for_read(transport_options=options)
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=_CONNECT_SECONDS)
                self._probe = connection
            bound = queue(self._probe.default_channel)
            bound.declare()
            # Asked as if to make it, which tells of one that is there: Redis forgets a queue as soon as it is empty.
            return int(bound.queue_declare().message_count)
        except self._away as error:
            self._let_go()
            raise Unavailable("broker-unavailable", broker=self.place, detail=type(error).__name__) from error

    def describe(self) -> Described:
        """Look at the broker.

        Raises:
            Unavailable: it does not answer.
        """
        waiting = {lane: self.waiting(lane) for lane in Lane}
        said = getattr(self._probe.connection, "server_properties", {})
        abilities = tuple(f"{lane} {number}" for lane, number in waiting.items())
        if self._quorum:
            return Described(self.place, f"{said.get('product', '')} {said.get('version', '')}".strip(), abilities)
        return Described(self.place, "Redis", abilities, (Lack("server-not-quorum"),))

    def close(self) -> None:
        """Let go of every connection to the broker."""
        self._let_go()
        self._app.close()

    def _let_go(self) -> None:
        if self._probe is not None:
            self._probe.release()
            self._probe = None

    def serve(self, lane: Lane, processes: int, name: str, build: Build) -> None:
        """Be a worker for one lane until asked to end: so many processes, each forked and only then built.

        `build` makes, in a process of its own, the worker of a given name; names begin with `name`.
        """
        hand = _Hand(name, build)

        def run(task: Any, job_id: str) -> None:
            hand.work(job_id, again=bool(task.request.delivery_info.get("redelivered")))

        self._app.task(name=_TASK, bind=True)(run)
        signals.setup_logging.connect(_keep_our_logging, weak=False)
        signals.worker_process_init.connect(hand.begin, weak=False)
        # Messages are JSON and name a job; that root reads them is no danger, and a container often has only root.
        warnings.filterwarnings("ignore", category=SecurityWarning)
        # A worker in a program that has several apps swallows tasks unless its own is everybody's.
        self._app.finalize()
        self._app.set_default()
        self._app.set_current()
        self._app.Worker(
            hostname=f"{lane}@{socket.gethostname()}",
            pool="prefork",
            concurrency=processes,
            queues=[self._queues[lane].name],
            consumer_cls=_Consumer,
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        ).start()

    @property
    def _away(self) -> tuple[type[Exception], ...]:
        errors = self._app.connection_for_write()
        return (OperationalError, OSError, *errors.connection_errors, *errors.channel_errors)


class _Hand:
    """One forked process: what it works with is made when it is first needed, and again if that failed."""

    def __init__(self, name: str, build: Build) -> None:
        self._name = name
        self._build = build
        self._made: tuple[Worker, TableJobQueue] | None = None

    def begin(self, **_: object) -> None:
        """Called in each process after the fork."""
        die_with(os.getppid())

    def work(self, job_id: str, *, again: bool) -> None:
        """Do the job that a message names; `again` says that the message was taken before, and never done with."""
        try:
            if self._made is None:
                self._made = self._build(f"{self._name}{os.getpid():010d}")
            worker, queue = self._made
            if again:
                self._bury(queue, job_id)
        except Unavailable as error:
            structlog.get_logger().warning("queue.away", code=error.code)
            time.sleep(1)
            return
        worker.run_job(job_id)

    def _bury(self, queue: TableJobQueue, job_id: str) -> None:
        """A message that comes again was last with a process that has died; on this machine that can be seen."""
        holder = queue.holder(job_id) or ""
        number = holder.removeprefix(self._name)
        if holder.startswith(self._name) and number.isdigit() and not Path(f"/proc/{number}").exists():
            queue.release_dead(holder)


class _Consumer(Consumer):  # type: ignore[misc]  # the library has no types
    """Celery's consumer without the two dozen queues for messages that are due later: that is our table's matter."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]  # the same
        """Its parts."""

        default_steps: ClassVar = [part for part in Consumer.Blueprint.default_steps if "DelayedDelivery" not in part]


def _queue(name: str, arguments: dict[str, str] | None) -> Queue:
    exchange = Exchange(name, type="direct", durable=True)
    return Queue(name, exchange, routing_key=name, durable=True, queue_arguments=arguments)


def _build_app(url: str, queues: list[Queue]) -> Celery:
    app = Celery("juanzong", broker=url, set_as_current=False, autofinalize=True)
    app.conf.update(
        task_queues=queues,
        task_default_queue=queues[0].name,
        task_create_missing_queues=False,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_detect_quorum_queues=True,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_timeout=_CONNECT_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
            "visibility_timeout": _LONGEST_SECONDS,
        },
    )
    return app


def _keep_our_logging(**_: object) -> None:
    """Celery sets up logging unless somebody says that it is done."""
