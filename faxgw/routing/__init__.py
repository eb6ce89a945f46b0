"""Chooses the florist who executes an order, and plans a peak day's orders over all of them."""
