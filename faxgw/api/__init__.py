"""Answers at the local socket and over HTTP: orders, questions, control, events, receipts, health."""
