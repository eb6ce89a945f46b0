"""FTP and FTPS over aioftp, on an asyncio loop in a thread of its own."""
