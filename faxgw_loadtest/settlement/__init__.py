"""Invented settlement files, for the demo, tests and benches."""
