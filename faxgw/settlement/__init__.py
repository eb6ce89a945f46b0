"""Money between florists: split schemes, the ledger, imports, matching, the month's close, statements and payouts."""
