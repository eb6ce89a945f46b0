"""Files of acquirers, wallets and banks, each read into the same entries: one file here a format.

A new format is a module with `matches(head)` and `read(text, ...)`, named in `formats.py`.
"""
