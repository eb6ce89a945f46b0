"""What orders claim in the ledger: which orders changed, what was booked of them, and which a person must look at."""
