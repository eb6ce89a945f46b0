"""An order's life between florists: who owes it, and what they say to each other about it."""
