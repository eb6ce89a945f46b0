"""Requests a second and CPU a request with many in flight to a slow carrier: our lanes beside httpx's own pool.

`python -m tools.bench.lanes` starts the simulated carrier, and prints one line for each way. The ideal is
`in flight / carrier seconds`; the pool gets fewer requests, since it takes long over each.
"""

import argparse
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
import trio

from faxgw.provider.http import Answer, HttpLanes, Timeouts
from tools.bench.row import Row

IN_FLIGHT = 200
CARRIER_SECONDS = 0.2
REQUESTS, REQUESTS_QUICK = 12_000, 6_000

_DOCUMENT = b"II*\x00" + bytes(13_000)
"""An order page has about 13 KB."""
Post = Callable[[dict[str, str]], Awaitable[int]]


@dataclass(frozen=True)
class Carrier:
    base_url: str
    control_url: str

    def cpu_seconds(self) -> float:
        connection = http.client.HTTPConnection(self.control_url.removeprefix("http://"))
        connection.request("GET", "/control/account")
        return float(json.loads(connection.getresponse().read())["cpu_seconds"])


@dataclass(frozen=True)
class Cost:
    """What the requests of one way took."""

    requests_a_second: float
    cpu_ms: float
    carrier_cpu_ms: float


async def measure(label: str, carrier: Carrier, post: Post, in_flight: int, requests: int) -> Cost:
    """Post `requests` faxes over warm connections."""
    numbers = iter(range(requests + in_flight))

    async def work(count: int | None) -> None:
        for done, number in enumerate(numbers, start=1):
            headers = {"Fax-Reference": f"{label}-{number}-1", "Fax-Number": "+33199001234", "Fax-Pages": "1"}
            if await post(headers | {"Authorization": "Bearer simulated"}) != 201:
                raise SystemExit("the carrier did not accept a fax")
            if done == count:
                return

    async def all_work(count: int | None) -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(in_flight):
                nursery.start_soon(work, count)

    await all_work(1)
    start, cpu_start, carrier_start = time.perf_counter(), time.process_time(), carrier.cpu_seconds()
    await all_work(None)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu_start
    carrier_cpu = carrier.cpu_seconds() - carrier_start
    return Cost(requests / seconds, cpu / requests * 1e3, carrier_cpu / requests * 1e3)


async def compare(carrier: Carrier, in_flight: int, requests: int) -> dict[str, Cost]:
    """By our lanes, and by httpx's pool with fewer requests."""
    lanes = HttpLanes(carrier.base_url, lanes=in_flight, timeouts=Timeouts())

    async def by_lanes(headers: dict[str, str]) -> int:
        answer = await lanes.request("POST", "/v1/faxes", body=_DOCUMENT, headers=headers)
        return answer.status if isinstance(answer, Answer) else 0

    ours = await measure("lanes", carrier, by_lanes, in_flight, requests)
    await lanes.aclose()
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as client:

        async def by_pool(headers: dict[str, str]) -> int:
            return (await client.post(carrier.base_url + "/v1/faxes", content=_DOCUMENT, headers=headers)).status_code

        return {
            "lanes": ours,
            "pool": await measure("pool", carrier, by_pool, in_flight, max(requests // 10, in_flight)),
        }


def rows(*, quick: bool = False) -> list[Row]:
    """200 requests in flight to a carrier that takes 200 ms; a machine without any cost would do 1,000 a second."""
    costs = _run(IN_FLIGHT, CARRIER_SECONDS, REQUESTS_QUICK if quick else REQUESTS)
    ours, pool = costs["lanes"], costs["pool"]
    what, ideal = f"{IN_FLIGHT} in flight to a carrier that takes {CARRIER_SECONDS:g} s", IN_FLIGHT / CARRIER_SECONDS
    against = f"httpx's own pool: {pool.requests_a_second:,.0f}/s, {pool.cpu_ms:.2f} ms of CPU"
    return [
        Row(
            part="lanes",
            what=what,
            value=ours.requests_a_second,
            unit="requests/s",
            against=f"ideal {ideal:,.0f}/s",
            at_least=0.9 * ideal,
        ),
        Row(
            part="lanes",
            what="the same",
            value=ours.requests_a_second,
            unit="requests/s",
            against=against,
            ratio=ours.requests_a_second / pool.requests_a_second,
        ),
        Row(part="lanes", what="CPU of it", value=ours.cpu_ms, unit="ms/request"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--in-flight", type=int, default=IN_FLIGHT)
    parser.add_argument("--carrier-seconds", type=float, default=CARRIER_SECONDS, help="before each of its answers")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    options = parser.parse_args()
    for label, cost in _run(options.in_flight, options.carrier_seconds, options.requests).items():
        print(
            f"{label:>6}: {cost.requests_a_second:6.0f} requests/s   {cost.cpu_ms:7.3f} ms CPU a request"
            f"   (carrier {cost.carrier_cpu_ms:.3f})"
        )


def _run(in_flight: int, carrier_seconds: float, requests: int) -> dict[str, Cost]:
    command = [sys.executable, "-m", "faxgw_loadtest.carrier", "--call-seconds", "0"]
    command += ["--answer-seconds", str(carrier_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own module.
        try:
            ready = json.loads(process.stdout.readline() if process.stdout else b"{}")
            carrier = Carrier(ready["listening"], ready["control"])
            return trio.run(compare, carrier, in_flight, requests)
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
