"""Brokers on a machine: what they acknowledged is there after they were killed in the midst of it."""

import pytest

from tests.environments import alone_on_machine

from .programs import need_programs
from .stack import Stack, eventually

pytestmark = [pytest.mark.live]
LONG = 200
ENOUGH = 300
"""Events that are acknowledged before the server is killed."""
PUBLISH = {
    "nats": """
import asyncio, os, nats
async def main():
    env = os.environ
    known = await nats.connect(env["NATS_URL"], user=env["NATS_USER"], password=env["NATS_PASSWORD"])
    stream = known.jetstream()
    await stream.add_stream(name="kept", subjects=["kept.>"])
    for number in range(1_000_000):
        await stream.publish("kept.event", str(number).encode(), timeout=2)
        print(number, flush=True)
asyncio.run(main())
""",
    "redis": """
import os, redis
known = redis.Redis.from_url(os.environ["REDIS_URL"])
for number in range(1_000_000):
    known.xadd("kept", {"number": number})
    print(number, flush=True)
""",
}
COUNT = {
    "nats": """
import asyncio, os, nats
async def main():
    env = os.environ
    known = await nats.connect(env["NATS_URL"], user=env["NATS_USER"], password=env["NATS_PASSWORD"])
    stream = known.jetstream()
    reader = await stream.pull_subscribe("kept.>", durable="reader", stream="kept")
    found = []
    for _ in range((await stream.stream_info("kept")).state.messages):
        (each,) = await reader.fetch(1, timeout=10)
        found.append(int(each.data))
    assert found == list(range(len(found)))
    print(len(found))
    await known.close()
asyncio.run(main())
""",
    "redis": """
import os, redis
known = redis.Redis.from_url(os.environ["REDIS_URL"])
found = [int(fields[b"number"]) for _, fields in known.xrange("kept")]
assert found == list(range(len(found)))
print(len(found))
""",
}
INTRUDE = {
    "nats": """
import asyncio, logging, os, nats
logging.disable()
async def main():
    for login in ({}, {"user": "stack", "password": "wrong"}):
        try:
            await nats.connect(os.environ["NATS_URL"], allow_reconnect=False, **login)
        except nats.errors.Error as error:
            assert "Authorization" in str(error), error
            print("refused")
asyncio.run(main())
""",
    "redis": """
import os, redis
address = os.environ["REDIS_URL"].partition("@")[2]
for login in ("", ":wrong@"):
    try:
        redis.Redis.from_url("redis://" + login + address).xlen("kept")
    except redis.AuthenticationError:
        print("refused")
""",
}


@pytest.mark.parametrize("tool", PUBLISH)
def test_nothing_acknowledged_is_lost_when_the_broker_is_killed(stack: Stack, tool: str) -> None:
    need_programs(tool)
    stack.catalog(tool)
    stack.file.write_text(alone_on_machine(tool))
    up = stack.run("up", within=LONG)
    assert up.code == 0, up.text
    stack.assert_healthy()

    publisher = stack.command("run", "--", "python", "-c", PUBLISH[tool])
    assert publisher.stdout
    for _ in range(ENOUGH):
        assert publisher.stdout.readline().strip().isdigit()
    stack.crash(f"{tool}.server")
    publisher.kill()
    rest = publisher.stdout.read()  # `communicate` would leave out what was read ahead with the first lines
    _, said = publisher.communicate(timeout=30)
    acknowledged = ENOUGH + len(rest.splitlines())

    eventually(lambda: all(each["health"] == "healthy" for each in stack.status().values()), 60)
    counted = stack.run("run", "--", "python", "-c", COUNT[tool], within=LONG)
    assert counted.code == 0, counted.text + said
    # The last one may have been taken without its acknowledgement being heard.
    assert acknowledged <= int(counted.out) <= acknowledged + 2
    stack.down()


@pytest.mark.parametrize("tool", PUBLISH)
def test_nobody_gets_in_without_the_password(stack: Stack, tool: str) -> None:
    need_programs(tool)
    stack.catalog(tool)
    stack.file.write_text(alone_on_machine(tool))
    up = stack.run("up", within=LONG)
    assert up.code == 0, up.text
    done = stack.run("run", "--", "python", "-c", INTRUDE[tool], within=LONG)
    assert done.code == 0, done.text
    assert done.out.split() == ["refused"] * 2
    stack.down()
