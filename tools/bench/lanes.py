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


async def measure(label: str, carrier: Carrier, post: Post, in_flight: int, requests: int) -> None:
    """Post `requests` faxes over warm connections and print what it took."""
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
    print(
        f"{label:>6}: {requests / seconds:6.0f} requests/s   {cpu / requests * 1e3:7.3f} ms CPU a request"
        f"   (carrier {carrier_cpu / requests * 1e3:.3f})"
    )


async def compare(carrier: Carrier, in_flight: int, requests: int) -> None:
    lanes = HttpLanes(carrier.base_url, lanes=in_flight, timeouts=Timeouts())

    async def by_lanes(headers: dict[str, str]) -> int:
        answer = await lanes.request("POST", "/v1/faxes", body=_DOCUMENT, headers=headers)
        return answer.status if isinstance(answer, Answer) else 0

    await measure("lanes", carrier, by_lanes, in_flight, requests)
    await lanes.aclose()
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as client:

        async def by_pool(headers: dict[str, str]) -> int:
            return (await client.post(carrier.base_url + "/v1/faxes", content=_DOCUMENT, headers=headers)).status_code

        await measure("pool", carrier, by_pool, in_flight, max(requests // 10, in_flight))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--in-flight", type=int, default=200)
    parser.add_argument("--carrier-seconds", type=float, default=0.2, help="before each of its answers")
    parser.add_argument("--requests", type=int, default=6_000)
    options = parser.parse_args()
    command = [sys.executable, "-m", "faxgw_loadtest.carrier", "--call-seconds", "0"]
    command += ["--answer-seconds", str(options.carrier_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own module.
        try:
            ready = json.loads(process.stdout.readline() if process.stdout else b"{}")
            carrier = Carrier(ready["listening"], ready["control"])
            trio.run(compare, carrier, options.in_flight, options.requests)
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
