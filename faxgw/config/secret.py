"""Files that hold secrets: named by a path or as a systemd credential, and never shown.

`credential:NAME` is what the unit's `LoadCredential=NAME:...` or `SetCredentialEncrypted=NAME:...` hands over
(systemd.exec(5)). Every other name is a path. Neither is tried for the other: a secret has one place.
"""

import os
import re
from pathlib import Path

from faxgw.errors import ConfigError

CREDENTIAL = "credential:"
DIRECTORY = "CREDENTIALS_DIRECTORY"
"""What systemd tells the service of where its credentials lie."""

_CREDENTIAL_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.@-]{1,255}")


def is_credential(file: str) -> bool:
    return file.startswith(CREDENTIAL)


def place_of(file: str) -> Path:
    """Where the file lies.

    Raises:
        ConfigError: a credential's name that cannot be one, or no systemd to hand credentials over.
    """
    if not is_credential(file):
        return Path(file)
    name = file.removeprefix(CREDENTIAL)
    if not _CREDENTIAL_NAME.fullmatch(name):
        raise ConfigError(f"{file}: a credential's name has letters, digits and _ . @ - only")
    directory = os.environ.get(DIRECTORY)
    if not directory:
        raise ConfigError(f"{file}: no credentials are handed over here; start by systemd with LoadCredential={name}:")
    return Path(directory, name)


def origin_of(file: str) -> str:
    """Where it comes from, in words for a person."""
    if not is_credential(file):
        return f"file {file}"
    name = file.removeprefix(CREDENTIAL)
    if DIRECTORY in os.environ:
        return f"systemd credential {name}, here {place_of(file)}"
    return f"systemd credential {name}, handed over when systemd starts the unit"


def read_secret(file: str) -> str:
    """What a secret's file holds, without the white space around it.

    Raises:
        ConfigError: it is missing, unreadable, no text or empty.
    """
    place = place_of(file)
    try:
        secret = place.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{_shown(file, place)}: cannot read the secret: {error.strerror}") from error
    except UnicodeDecodeError:
        # Not from the error: it holds what it could not read.
        raise ConfigError(f"{_shown(file, place)}: cannot read the secret: it is not UTF-8 text") from None
    if not secret:
        raise ConfigError(f"{_shown(file, place)}: the secret is empty")
    return secret


def _shown(file: str, place: Path) -> str:
    return f"{file} ({place})" if is_credential(file) else file
