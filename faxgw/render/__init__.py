"""Turns an order into fax pages: sheet -> page -> G4 strip -> TIFF."""
