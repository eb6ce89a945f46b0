"""The end of a month: is it ready, close it, what each store is owed or owes, and the seal over all of it."""
