"""Decides which fax goes next and when again: an in-memory schedule over the store."""
