"""Sinch Fax API, version 3: built from its documentation, never run against the live service.

`words.py` is what it says and what that means to us, `form.py` how a fax is handed over, `adapter.py` the requests.
"""
