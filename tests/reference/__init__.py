"""A second, separate reading of the definitions of a day's figures, to compare the first with."""
