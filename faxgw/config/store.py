"""Where all is kept: a file of SQLite beside the daemon, or a PostgreSQL that outlives its machine."""

from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qs, urlsplit

from faxgw.config.section import Bytes, Count, Section
from faxgw.faults import Fault

_WORDS_FOR_PASSWORDS = frozenset({"password", "sslpassword"})
"""libpq takes them behind a `?` as well; the address stands in the log."""


class StoreConfig(Section, frozen=True, kw_only=True):
    """Where all is kept, and the bounds of the group commit."""

    url: str = ""
    """`postgresql://user@host/database`: the store is there, and daemons that find it held stand by. Without it, SQLite
    in `state_dir`."""
    password_file: str = ""
    """Of `url`, which has none in it. Without it as libpq finds it: peer authentication, `~/.pgpass`."""
    documents_dir: str = ""
    """Where documents lie that were handed in or came in: `state_dir`, or with `url` a folder that each daemon sees."""
    batch_max: Count = 1_000
    waiting_max: Count = 10_000
    free_bytes_min: Bytes = 256 * 1024 * 1024
    """Below this much free disk the gateway says it is not ready."""


def store_faults(store: StoreConfig) -> Iterator[Fault]:
    if not store.url:
        if store.password_file:
            yield Fault("/store/password_file", "belongs to a url, and there is none: SQLite has no password")
        return
    url = _split(store.url)
    if url is None or url.scheme not in {"postgresql", "postgres"} or not url.path.strip("/"):
        yield Fault("/store/url", "write it as postgresql://user@host/database")
    elif url.password is not None or not _WORDS_FOR_PASSWORDS.isdisjoint(parse_qs(url.query)):
        yield Fault("/store/url", "must not hold a password: write it into a file and name that in password_file")
    if not store.documents_dir:
        detail = "name a folder that every daemon on this database sees: whoever takes over needs the documents"
        yield Fault("/store/documents_dir", detail)


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
