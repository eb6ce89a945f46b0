"""Results of a run that never was."""

from tools.bench import hylafax, postfix, whole_way
from tools.bench.figures import table_rows
from tools.bench.machine import Machine
from tools.bench.part import Measured
from tools.bench.results import Results
from tools.bench.row import Row

MACHINE = Machine(
    commit="0123456789ab",
    cpu="Some Processor",
    cores=2,
    memory_gib=24.0,
    system="Linux 6.1",
    file_system="ext4",
    sync_p50_ms=0.18,
    sync_p99_ms=0.5,
    load_before=0.1,
    versions={"faxgw": "0.1.0", "Postfix": "3.7.11"},
)


def whole_way_measured(faxes_a_minute: float = 20_000, cpu_ms: float = 3.0) -> Measured:
    rows = [
        Row(part="whole way", what=whole_way.RATE, value=faxes_a_minute, unit="faxes/min"),
        Row(part="whole way", what=whole_way.CPU, value=cpu_ms, unit="ms/fax"),
    ]
    return Measured(part="whole_way", rows=rows, took_seconds=60)


def postfix_measured(messages_a_second: float = 500) -> Measured:
    rows = [
        Row(part="postfix", what=postfix.RATE, value=messages_a_second, unit="messages/s"),
        Row(part="postfix", what=postfix.CPU, value=1.5, unit="ms/message"),
    ]
    return Measured(part="postfix", rows=rows, took_seconds=20)


def hylafax_missing() -> Measured:
    return Measured(part="hylafax", trouble="HylaFAX is missing: no faxq", is_missing=True)


def hylafax_measured(jobs_a_minute: float = 2_000) -> Measured:
    rows = [Row(part="hylafax", what=hylafax.RATE, value=jobs_a_minute, unit="jobs/min")]
    return Measured(part="hylafax", rows=rows)


def results_of(*parts: Measured, quick: bool = False) -> Results:
    figures = table_rows({part.part: part for part in parts})
    return Results(
        machine=MACHINE,
        quick=quick,
        began_at="2027-05-01 10:00 UTC",
        took_seconds=1_200,
        figures=figures,
        parts=list(parts),
    )
