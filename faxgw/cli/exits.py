"""What the commands' exit codes tell a script; `run` has the daemon's own."""

EXIT_REFUSED = 1
"""An order, a change, a fax that is not there, a list with nothing in it."""
EXIT_USAGE = 2
"""Wrong usage, config or input."""
EXIT_NOT_REACHABLE = 3
"""No daemon answers."""
EXIT_IN_DOUBT = 4
"""Nobody knows whether a carrier has the fax."""
EXIT_INTERRUPTED = 130
"""As shells have it: 128 and the signal."""
