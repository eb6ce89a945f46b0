"""The ledger: journals that only grow, kept so that no hand can rewrite them."""
