"""What is decided at a month's end: its seal, the numbers of its statements, the payouts that two people agree on."""
