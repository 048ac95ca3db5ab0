"""What guided screens share: how far one is, and the time box of what is asked."""

from __future__ import annotations

from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, span

BOX = 180.0
"""Real seconds that one question should take; told, never enforced."""
MOST_DOTS = 30


def progress_row(moment: Moment, index: int, done: list[bool], since: float) -> Row:
    """`2 of 6  ●◉○○○○  3 answered   2:41 left`: full where it is answered, the ring where one is."""
    count = len(done)
    found: list[tuple[str, str]] = [(f"{min(index + 1, count)} of {count}  ", "strong")]
    if count <= MOST_DOTS:
        for number, answered in enumerate(done):
            sign = "◉" if number == index else "●" if answered else "○"
            found.append((sign, "accent" if number == index else "good" if answered else "dim"))
    found.append((f"  {sum(done)} answered   ", "dim"))
    return (*found, timer(moment, since))


def timer(moment: Moment, since: float) -> tuple[str, str]:
    """What is left of the time box since that session second, or by how much it is over."""
    # People think in real time, also where a rehearsal runs faster.
    left = BOX - (moment.t - since) / ((moment.state.rate if moment.info.live else 1.0) or 1.0)
    return (f"{span(left)} left", "accent") if left >= 0 else (f"{span(-left)} OVER, go on", "over")
