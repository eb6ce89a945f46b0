"""The numbers that reading goes by; they stand in the config."""

from faxgw.intake_config import DecisionRules, ReadingLimits

__all__ = ["DecisionRules", "ReadingLimits"]
