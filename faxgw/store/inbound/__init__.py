"""Faxes that came in: kept before anything else is done, then what became of each, and what waits for a person."""
