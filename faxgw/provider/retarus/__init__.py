"""Retarus Fax-for-Applications, REST version 1: `adapter.py` speaks to it, `words.py` is what is said.

Written from its documentation (docs.retarus.com/fax, developers.retarus.com/fax); see docs/carriers.md for what was
never tried against the real service.
"""
