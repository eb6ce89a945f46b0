"""Reads inbound faxes: pages, codes, boxes to tick, text; and what becomes of each."""
