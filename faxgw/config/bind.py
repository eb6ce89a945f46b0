"""Where a door listens, as an operator writes it: `host:port`."""

import ipaddress
import re

PORT_MAX = 65_535

_HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")


def read_bind(address: str) -> tuple[str | None, int]:
    """Host and port; no host is every address of this machine, port 0 a free one.

    Raises:
        ValueError: what is wrong with it, in words.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not (port.isascii() and port.isdecimal()):
        raise ValueError("write the address as host:port, such as 127.0.0.1:8470")
    if len(port) > len(str(PORT_MAX)) or int(port) > PORT_MAX:
        raise ValueError(f"a port is at most {PORT_MAX}")
    return _host_in(host), int(port)


def _host_in(written: str) -> str | None:
    host = written.removeprefix("[").removesuffix("]")
    has_brackets = written == f"[{host}]"
    if not written:
        return None
    if ":" in written and not has_brackets:
        raise ValueError("write an IPv6 host in brackets, such as [::1]:8470")
    is_good = _is_ip(host, version=6) if has_brackets else _is_ip(host) or _is_name(host)
    if not is_good:
        raise ValueError(f"{written} is neither an IP address nor a host's name")
    return host


def _is_name(host: str) -> bool:
    # A name of digits and dots only would be an address, and is none.
    return _HOSTNAME.fullmatch(host) is not None and not host.replace(".", "").isdecimal()


def _is_ip(host: str, version: int | None = None) -> bool:
    try:
        ip = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return version is None or ip.version == version
