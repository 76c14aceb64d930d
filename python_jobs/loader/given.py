"""What a source gives for a column of the contract, and what may be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_jobs.loader import numbers
from python_jobs.loader.mapping import Value

if TYPE_CHECKING:
    from pyspark.sql import Column

FACTOR = "decimal(19,6)"
# So many characters of a value are shown.
SHOWN = 100


@dataclass(frozen=True)
class Fault:
    """What may be wrong with a row.

    Attributes:
        code: Its name, of which there are few.
        is_so: Whether it is.
        says: The same as a sentence with the value.
    """

    code: str
    is_so: Column
    says: Column


@dataclass(frozen=True)
class Given:
    """What a source gives for one column of the contract.

    Attributes:
        name: The contract's column.
        value: What the mapping says of it.
        source: The source's value, NULL where it stands for nothing.
        type_: The type of that.
        wanted: The contract's type.
        is_required: Whether a row is none without it.
    """

    name: str
    value: Value
    source: Column
    type_: str
    wanted: str
    is_required: bool

    @property
    def number(self) -> Column:
        """A number as SQL writes it; one that is no text is written so already."""
        plain = Value(self.value.meaning, self.value.text)
        return numbers.numeral(
            self.source.cast("string"), self.value if self.type_ == "string" else plain
        )

    @property
    def hint(self) -> Column:
        """What the mapping might say so that a text is a number."""
        from pyspark.sql import functions as F

        return numbers.hint(self.source) if self.type_ == "string" else F.lit("")

    def faults(self, parsed: Column, kind: str, says: Column) -> list[Fault]:
        """Why it cannot be used: it is of another kind, or missing."""
        from pyspark.sql import functions as F

        is_column = self.value.meaning in ("column", "price")
        place = f" in {self.value.text}" if is_column else ""
        shown = F.substring(self.source.cast("string"), 1, SHOWN)
        why = F.concat(F.lit(f"{self.name}: '"), shown, F.lit(f"'{place} "), says)
        is_other = parsed.isNull() & self.source.isNotNull()
        faults = [Fault(f"{self.name}_{kind}", is_other, why)]
        if self.is_required:
            nothing = F.lit(f"{self.name}: nothing{place}")
            faults.append(Fault(f"{self.name}_missing", self.source.isNull(), nothing))
        return faults


def plain(given: Given) -> tuple[Column, Column]:
    """A value in the wanted type, NULL where it is none, and how to say that."""
    from pyspark.sql import functions as F

    if given.wanted == "string":
        return given.source.cast("string"), F.lit("is no text")
    if given.wanted == "int":
        # Where some are unknown, whole numbers are often written as 2.0.
        parsed = F.regexp_replace(given.number, r"\.0*$", "").try_cast("int")
        fault = "is not a whole number"
    else:
        parsed = given.number.try_cast(given.wanted)
        fault = f"is not a number that fits {given.wanted}"
    return parsed, F.concat(F.lit(fault), given.hint)


def product(price: Given, pieces: Given) -> tuple[Column, list[Fault]]:
    """A price times pieces, NULL where one of them is none, and why."""
    from pyspark.sql import functions as F

    factors = [one.number.try_cast(FACTOR) for one in (price, pieces)]
    product = (factors[0] * factors[1]).try_cast(price.wanted)
    faults = []
    for one, number in zip((price, pieces), factors, strict=True):
        says = F.concat(F.lit("is not a number"), one.hint)
        faults += one.faults(number, "not_a_number", says)
    fits_not = product.isNull() & factors[0].isNotNull() & factors[1].isNotNull()
    says = F.lit(
        f"{price.name}: {price.value.text} times {pieces.value.text} does not fit "
        f"{price.wanted}"
    )
    return product, [*faults, Fault(f"{price.name}_not_a_number", fits_not, says)]
