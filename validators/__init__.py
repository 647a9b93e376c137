"""Seatrial: the sea trial of a machine-learning model before it goes to production."""

__version__ = "0.1.0"
