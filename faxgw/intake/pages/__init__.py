"""From a file's bytes to upright-agnostic pages of ink: TIFF of every fax kind, and PDF."""
