"""The face of settlement: files in, what a person decides, months, runs."""
