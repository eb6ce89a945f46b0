"""Fetches inbound faxes: look into an FTP folder, take what is whole, keep it, and only then delete it there."""
