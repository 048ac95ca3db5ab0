"""Control Room: a control room in the terminal for the facilitator of a chaos-engineering game day."""

__version__ = "0.1.0"
