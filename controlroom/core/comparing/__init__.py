"""Two or many sessions side by side: what became better, what worse, what cannot be compared, what is still open."""

from controlroom.core.comparing.putting import compare
from controlroom.core.comparing.values import Comparison, Day

__all__ = ["Comparison", "Day", "compare"]
