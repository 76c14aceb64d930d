"""What a person can ask the generator for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

from python_jobs.errors import UserError
from python_jobs.generator.personas import PERSONAS

MAX_CUSTOMERS = 900_000_000  # nine digits, those of orphans left out
MAX_DAYS = 36_500
KINDS = ("return", "late", "corrected", "duplicate", "orphan", "bad")


@dataclass(frozen=True)
class Options:
    """What to generate.

    Attributes:
        customers: Customers registered by the end of a new history.
        transactions: Expected transaction lines of a new history, duplicates left out.
        days: Length of a new history.
        append_days: Continue the history by so many days instead; None for a new one.
        seed: What all chance depends on.
        start_date: First day of a new history.
        personas: How many of the hidden personas take part.
        return_rate: Part of the lines that are returned later.
        late_rate: Part of the lines that arrive days later.
        corrected_rate: Part of the lines that are delivered again, corrected.
        duplicate_rate: Part of the lines that are delivered twice at once.
        orphan_rate: Part of the lines whose customer is nowhere.
        bad_rate: Part of the lines, and of the customers, that break a rule.
        season: Whether purchases have a yearly season.
        weekday_profile: Whether weekdays differ.
        trouble: Whether any of the rates above counts.
    """

    customers: int = 100_000
    transactions: int = 500_000
    days: int = 365
    append_days: int | None = None
    seed: int = 42
    start_date: date = date(2025, 1, 1)
    personas: int = len(PERSONAS)
    return_rate: float = 0.03
    late_rate: float = 0.01
    corrected_rate: float = 0.005
    duplicate_rate: float = 0.002
    orphan_rate: float = 0.001
    bad_rate: float = 0.001
    season: bool = True
    weekday_profile: bool = True
    trouble: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be generated.

        Raises:
            UserError: An option is out of its range.
        """
        for name, low, high in (
            ("customers", 1, MAX_CUSTOMERS),
            ("transactions", 1, 10**12),
            ("days", 1, MAX_DAYS),
            ("personas", 1, len(PERSONAS)),
            ("seed", -(2**63), 2**63 - 1),
            *((f"{kind}_rate", 0, 1) for kind in KINDS),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise UserError(
                    f"{name} is {value}: it must be between {low} and {high}"
                )
        if self.append_days is not None and not 1 <= self.append_days <= MAX_DAYS:
            raise UserError(
                f"append_days is {self.append_days}: it must be between 1 and "
                f"{MAX_DAYS}"
            )
        if not date(1900, 1, 1) <= self.start_date <= date(2100, 1, 1):
            raise UserError(
                f"start_date is {self.start_date}: it must be between 1900-01-01 and "
                "2100-01-01"
            )
        if sum(getattr(self, f"{kind}_rate") for kind in KINDS) > 1:
            raise UserError("the rates of trouble add up to more than 1: lower them")

    def rate(self, kind: str) -> float:
        """The part of the lines with this kind of trouble."""
        return getattr(self, f"{kind}_rate") if self.trouble else 0.0

    def process(self) -> dict[str, object]:
        """All that decides what the history holds, and so its fingerprint."""
        return {
            option.name: getattr(self, option.name)
            for option in fields(self)
            if option.name != "append_days"
        }
