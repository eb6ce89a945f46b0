"""What the bank is told to pay and to collect; one file here a format."""
