"""augtool: turn a small data set into a larger, varied, correctly labelled one."""

__version__ = "0.1.0"
