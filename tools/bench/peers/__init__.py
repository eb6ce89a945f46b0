"""Programs of others that the bench measures us against, each started from files of its own and ended by us."""
