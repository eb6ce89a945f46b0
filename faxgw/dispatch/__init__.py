"""Takes one fax from intent to outcome: lanes, the attempt, retry rules, and what is in doubt."""
