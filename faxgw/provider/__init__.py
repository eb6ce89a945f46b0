"""Gives pages to a carrier: the port, the HTTP lanes, and one file for each carrier."""
