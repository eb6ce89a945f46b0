"""What peers say of themselves is read rightly."""

from pathlib import Path

import pytest

from tools.bench.machine import cpu_model, file_system, sync_ms
from tools.bench.peers.mail import last_count
from tools.bench.peers.processes import PeerError
from tools.bench.peers.submitter import data_address, file_name
from tools.bench.whole_way import Account, Report, Run, Waits, check

MOUNTS = """\
/dev/vda / ext4 rw 0 0
proc /proc proc rw 0 0
tmpfs /srv tmpfs rw 0 0
/dev/vdb /srv/store xfs rw 0 0
"""


@pytest.mark.parametrize(
    ("told", "count"),
    [
        (b"", 0),
        (b"sess=1 quit=0 mesg=0\rsess=1 quit=1 mesg=17\r", 17),
        (b"mesg=99\rsess=2 quit=1 mesg=1000", 1_000),
        (b"g=12\rsess=1 quit=1 mesg=13\rsess=2 qu", 13),
    ],
)
def test_the_sink_counts_over_its_own_line(told: bytes, count: int) -> None:
    """The last whole count stands, though the next one is half written."""
    assert last_count(told) == count


def test_hfaxd_says_where_the_document_goes() -> None:
    """The port is in two numbers, as FTP has it."""
    assert data_address("227 Entering passive mode (127,0,0,1,228,163)") == ("127.0.0.1", 228 * 256 + 163)
    assert file_name("150 FILE: /tmp/doc1.tif (Opening new data connection).") == "/tmp/doc1.tif"  # noqa: S108


@pytest.mark.parametrize("read", [data_address, file_name])
def test_an_answer_that_says_something_else_is_an_error(read: object) -> None:
    """It is repeated to whoever reads the table."""
    assert callable(read)
    with pytest.raises(PeerError, match="hfaxd said: 425 no"):
        read("425 no")


def test_the_nearest_mount_point_names_the_file_system() -> None:
    """And not the first that is above."""
    assert file_system(MOUNTS, Path("/srv/store/var")) == "xfs"
    assert file_system(MOUNTS, Path("/srv/storehouse")) == "tmpfs"
    assert file_system(MOUNTS, Path("/home")) == "ext4"


def test_the_processor_is_named_once() -> None:
    """By the first of its cores."""
    assert cpu_model("processor\t: 0\nmodel name\t: Fast One 9000\n\nmodel name\t: Other\n") == "Fast One 9000"


def test_fdatasync_is_measured_where_it_is_asked(tmp_path: Path) -> None:
    """The 99th percentile is not below the median, and nothing is left in the folder."""
    p50_ms, p99_ms = sync_ms(tmp_path, 20)
    assert 0 < p50_ms <= p99_ms
    assert list(tmp_path.iterdir()) == []


def report(delivered: int, *, lost: int = 0, twice: int = 0) -> Report:
    account = Account(accepted=100, delivered=delivered, refused=0, unfinished=0, lost=lost, twice=twice)
    return Report(Run(2.0), account, Waits(0.01, 0.1), {"standard": Waits(0.1, 0.2)}, 3.0, [])


def test_a_run_that_lost_a_fax_has_no_rate() -> None:
    """All delivered, none lost, none twice: otherwise there is no figure, but the account."""
    assert check(report(100), 100).rate == 50
    for bad in (report(99), report(100, lost=1), report(100, twice=1)):
        with pytest.raises(PeerError, match="of 100 faxes"):
            check(bad, 100)
