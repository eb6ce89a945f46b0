"""What the carrier tells of a fax: in a file beside it, in its tags, in its name."""
