"""A statement as its store gets it: a page to read, a sheet to calculate with, lines to import."""
