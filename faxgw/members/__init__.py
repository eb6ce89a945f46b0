"""Knows the florists: who they are, where they are, and the lines they answer."""
