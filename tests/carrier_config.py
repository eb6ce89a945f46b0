"""The least that a config must say: one carrier."""

PROVIDER = """
[[provider]]
name = "north"
kind = "simulated"
base_url = "http://127.0.0.1:1"
account = "a"
password_file = "p"
webhook_secret_file = "w"
"""
