"""Processes for what is slow, or what strangers' bytes may break: fed in batches, bounded, replaced when they die."""
