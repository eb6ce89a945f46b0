"""A closed month for the network's own accounts, in the forms that accounting programs and authorities read."""
