"""A carrier's FTP server for the demo: one folder, one user, on loopback.

Prints `{"port": ...}` once it listens.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

import aioftp


async def serve(folder: Path, user: str, password: str) -> None:
    home = aioftp.User(user, password, base_path=folder, permissions=[aioftp.Permission("/")])
    server = aioftp.Server([home])
    await server.start("127.0.0.1", 0)
    print(json.dumps({"port": server.server_port}), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--user", default="demo")
    parser.add_argument("--password-file", type=Path, required=True)
    arguments = parser.parse_args()
    password = arguments.password_file.read_text(encoding="utf-8").strip()
    try:
        asyncio.run(serve(arguments.folder, arguments.user, password))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
