"""Keeps what is said of florists: an append-only book of dated entries."""
