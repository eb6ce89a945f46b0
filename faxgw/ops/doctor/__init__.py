"""Looks at a machine and says, check by check, what is well and what somebody has to do.

What is measured and what is judged stand apart: each `judge_` is a pure function of figures, told by its tests.
Nothing here changes anything but a file of its own that it removes, and nothing is sent to a carrier.
"""
