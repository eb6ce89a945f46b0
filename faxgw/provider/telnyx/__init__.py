"""Telnyx Programmable Fax, version 2: built from its documentation, never run against the live service.

`words.py` is what it says and what that means to us, `webhook.py` its signature, `adapter.py` the requests.
"""
