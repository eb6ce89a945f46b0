"""What routing asks of the store: who executes which order on which day, and which orders may still go elsewhere."""
