"""
Prove NATS: `write` events to a stream that is kept, and `find` them in order.

They are read by a durable consumer that leaves half-way and comes back, and goes on where it was.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any

import nats
from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig

EVENTS = 10
KEPT = 3600.0
"""Seconds that the stream of a check keeps its events."""


@asynccontextmanager
async def connected() -> AsyncIterator[JetStreamContext]:
    """Connect as the stack's code does."""
    env = os.environ
    connection = await nats.connect(
        env["NATS_URL"], user=env["NATS_USER"], password=env["NATS_PASSWORD"], max_reconnect_attempts=5
    )
    try:
        yield connection.jetstream()
    finally:
        await connection.close()


async def write(marker: str) -> str | None:
    """Publish events, each of which has to be acknowledged; return why one was not."""
    async with connected() as stream:
        config = StreamConfig(
            name=marker,
            subjects=[f"{marker}.>"],
            storage=StorageType.FILE,
            retention=RetentionPolicy.LIMITS,
            max_age=KEPT,
        )
        await stream.add_stream(config)
        taken = [await stream.publish(f"{marker}.event", body(marker, number)) for number in range(EVENTS)]
    numbers = [each.seq for each in taken]
    return None if numbers == sorted(numbers) else f"events are out of order: {numbers}"


async def find(marker: str) -> str | None:
    """Read half of the events, leave, come back and read the rest; return what is missing."""
    consumer = f"check-{token_hex(4)}"
    found = [*await read(marker, consumer, EVENTS // 2), *await read(marker, consumer, EVENTS - EVENTS // 2)]
    async with connected() as stream:
        await stream.delete_consumer(marker, consumer)
    wanted = [body(marker, number) for number in range(EVENTS)]
    return None if found == wanted else f"not found: {EVENTS} events in order, only {found}"


async def read(marker: str, consumer: str, count: int) -> list[bytes]:
    """Read some events as a consumer that the server remembers."""
    async with connected() as stream:
        subscription = await stream.pull_subscribe(f"{marker}.>", durable=consumer, stream=marker)
        messages = await subscription.fetch(count, timeout=10)
        for each in messages:
            await each.ack_sync()
        return [each.data for each in messages]


def body(marker: str, number: int) -> bytes:
    """Return the content of an event."""
    return f"{marker} {number}".encode()


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("nats: no answer within 55 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(55)
    actions: dict[str, Callable[[str], Coroutine[Any, Any, str | None]]] = {"write": write, "find": find}
    try:
        sys.exit(asyncio.run(actions[sys.argv[1]](*sys.argv[2:])))
    except Exception as error:
        sys.exit(f"nats: {error!r}")
