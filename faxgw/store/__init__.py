"""Keeps the durable truth: what was accepted, intended, sent and said stays so through a power cut."""
