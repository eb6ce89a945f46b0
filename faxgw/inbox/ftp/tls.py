"""Certificates are checked, always; a server with one of its own is named by its file."""

import ssl

from faxgw.config.inbox import InboxConfig, Security
from faxgw.errors import ConfigError


def tls_of(own: InboxConfig) -> ssl.SSLContext | None:
    """None where the connection is plain. TLS 1.2 at least, as Python's own default.

    Raises:
        ConfigError: the file of authorities cannot be used.
    """
    if own.security is Security.PLAIN:
        return None
    try:
        return ssl.create_default_context(cafile=own.ca_file or None)
    except OSError as error:
        raise ConfigError(f"inbox {own.name}: ca_file {own.ca_file}: {error.strerror}; write a PEM file") from error
