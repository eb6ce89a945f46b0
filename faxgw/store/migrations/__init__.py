"""Carries a store from one version's tables to the next; run by `database.py`, never by hand."""
