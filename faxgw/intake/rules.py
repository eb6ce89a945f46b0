"""The numbers that reading goes by; they stand in the config."""

from faxgw.config.intake import DecisionRules, ReadingLimits

__all__ = ["DecisionRules", "ReadingLimits"]
