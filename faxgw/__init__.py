"""A fax gateway for flower-relay networks: read `docs/architecture.md`, then `daemon.py`."""
