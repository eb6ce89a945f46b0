"""InterFAX (Upland), REST: `adapter.py` speaks to it, `words.py` is what is said, its table of statuses among it.

Written from its documentation (help.uplandsoftware.com/interfax); see docs/carriers.md for what was never tried
against the real service.
"""
