"""Which payment is for which order, which refund takes back which sale, which line at the bank is which payout."""
