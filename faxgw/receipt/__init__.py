"""Finds out which attempt a carrier speaks of when it says later what became of it."""
