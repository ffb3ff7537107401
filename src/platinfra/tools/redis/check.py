"""
Prove Redis' streams: `write` events to a stream, and `find` them in order.

They are read by a group of consumers: the first takes half of them and leaves, the second goes on where it was.
"""

import os
from secrets import token_hex
from typing import Any

from redis import Redis

from client_check import check

EVENTS = 10
KEPT = 3600
"""Seconds that the stream of a check is kept."""


def connected() -> Any:
    """Connect as the stack's code does."""
    return Redis.from_url(os.environ["REDIS_URL"], decode_responses=True, socket_timeout=15)


def write(marker: str) -> str | None:
    """Append events to a new stream; return why it is not in a file."""
    with connected() as redis:
        for number in range(EVENTS):
            redis.xadd(marker, {"number": number})
        redis.expire(marker, KEPT)
        return None if redis.info("persistence")["aof_enabled"] else "events are in memory only"


def find(marker: str) -> str | None:
    """Read half of the events as one consumer and the rest as another; return what is missing."""
    group = f"check-{token_hex(4)}"
    with connected() as redis:
        redis.xgroup_create(marker, group, id="0")
    half = EVENTS // 2
    found = [*read(marker, group, "first", half), *read(marker, group, "second", EVENTS - half)]
    with connected() as redis:
        redis.xgroup_destroy(marker, group)
    wanted = [str(number) for number in range(EVENTS)]
    return None if found == wanted else f"not found: {EVENTS} events in order, only {found}"


def read(marker: str, group: str, consumer: str, count: int) -> list[str]:
    """Read some events as one of a group, and acknowledge them."""
    with connected() as redis:
        ((_, events),) = redis.xreadgroup(group, consumer, {marker: ">"}, count=count, block=10_000)
        redis.xack(marker, group, *(key for key, _ in events))
        return [fields["number"] for _, fields in events]


if __name__ == "__main__":
    check("redis", write, find)
