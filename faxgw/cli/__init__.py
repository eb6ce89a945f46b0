"""Gives the operator hands: one command a task, `--json` for scripts."""
