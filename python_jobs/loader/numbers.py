"""Numbers as people write them: decimal commas, thousands, signs behind, brackets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from python_jobs.loader.frames import BLANKS, advice
from python_jobs.loader.mapping import Value

if TYPE_CHECKING:
    from pyspark.sql import Column

# Longer ones are no numbers that anybody means, and a huge exponent stops the cast.
NUMERAL = r"^[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?$"
# A blank between thousands is often one at which lines do not break.
THIN_BLANKS = " \u00a0\u2009\u202f"
# What looks like a number all the same, and what the mapping would say of it.
LOOKS_LIKE = {
    r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$": "thousands: ','",
    r"^[+-]?\d+,\d{1,2}$": "decimal: ','",
    r"^[+-]?\d{1,3}(\.\d{3})+,\d+$": "decimal: ',', thousands: '.'",
    r"^\([\d.,]+\)$": "negative: brackets",
    r"^[\d.,]+ ?-$": "negative: trailing",
    r"^[^\d\s.,()+-]{1,3}\s?[+-]?[\d.,]+$|^[+-]?[\d.,]+\s?[^\d\s.,()+-]{1,3}$": (
        "strip: '...'"
    ),
}


def numeral(text: Column, value: Value) -> Column:
    """A number as SQL writes it, NULL where the mapping lets the text be none."""
    from pyspark.sql import functions as F

    if value.strip:
        # Beside the number only: 2€50 is not 250.
        words = "|".join(re.escape(word) for word in value.strip)
        text = F.regexp_replace(text, rf"^([+(-]?)\s*(?:{words})\s*", "$1")
        text = F.regexp_replace(text, rf"\s*(?:{words})\s*([-)]?)$", "$1")
        text = F.btrim(text, F.lit(BLANKS))
    if value.negative == "trailing":
        text = F.regexp_replace(text, r"^([\d.,]+)\s?-$", "-$1")
    elif value.negative == "brackets":
        text = F.regexp_replace(text, r"^\((.+)\)$", "-$1")
    point = re.escape(value.decimal)
    if value.thousands:
        between = THIN_BLANKS if value.thousands == " " else value.thousands
        group = f"[{re.escape(between)}]"
        is_grouped = text.rlike(rf"^[+-]?[1-9]\d{{0,2}}({group}\d{{3}})+({point}\d*)?$")
        whole = F.translate(text, between, "")
        text = F.when(is_grouped, whole).otherwise(text)
    if value.decimal != ".":
        text = F.when(~text.contains("."), F.translate(text, value.decimal, "."))
    return F.when(text.rlike(NUMERAL), text)


def hint(text: Column) -> Column:
    """What the mapping might say so that it is a number; empty where nothing would."""
    said = {looks: f" (say `{option}`?)" for looks, option in LOOKS_LIKE.items()}
    return advice(text, said, otherwise="")
