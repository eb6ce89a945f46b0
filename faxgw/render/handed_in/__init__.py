"""Makes fax pages of documents that others hand in: plain text, TIFF, PNG, JPEG and PDF."""
