"""An invented month of a network: its orders, their lives, its payments and files, and the truth beside them."""
