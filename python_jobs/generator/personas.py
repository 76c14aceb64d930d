"""The hidden personas that the generator plants: who they are and how they buy.

Each of age, location, taste, payment and time of day pairs the personas up in another
way, so that no single one tells them apart while all of them together do.
"""

from __future__ import annotations

from dataclasses import dataclass

GENDERS = ("female", "male")
LOCATIONS = ("Capital", "North", "South", "East", "West")
MEMBERSHIPS = ("basic", "silver", "gold")
CATEGORIES = (
    "Electronics",
    "Groceries",
    "Fashion",
    "Home",
    "Beauty",
    "Sports",
    "Books",
    "Toys",
)
PAYMENTS = ("credit card", "digital wallet", "bank transfer", "cash")


@dataclass(frozen=True)
class Persona:
    """One way of being a customer.

    The purchase process is BG/NBD: gaps are exponential with a rate from
    Gamma(r, alpha), and after each repeat purchase the customer drops out with a
    probability from Beta(a, b). The value of a basket is Gamma-Gamma: Gamma(p) over a
    rate from Gamma(q, v). Shapes are multiples of one half, because only those Gamma
    variates have a closed form that takes a fixed number of uniform ones.

    Attributes:
        name: The name in the truth tables.
        share: Its part of all customers, relative to the others.
        rate_shape: r.
        rate_mean: r / alpha relative to the other personas; the plan sets the level.
        dropout: a and b.
        basket_shape: p.
        basket_spread: q.
        basket_mean: p v / (q - 1), the mean value of a basket.
        extra_lines: Chances of a second, third and fourth line in a basket.
        age: Mean and standard deviation in years.
        genders: Weights in the order of GENDERS, and so on for what follows.
        locations: Weights of LOCATIONS.
        memberships: Weights of MEMBERSHIPS.
        categories: Weights of CATEGORIES.
        payments: Weights of PAYMENTS.
        weekdays: Weights of Monday to Sunday.
        day_parts: Weights of 0-6, 6-12, 12-18 and 18-24 o'clock.
        season: Strength (0 to 1) and the day of the year of the yearly peak.
    """

    name: str
    share: float
    rate_shape: float
    rate_mean: float
    dropout: tuple[float, float]
    basket_shape: float
    basket_spread: float
    basket_mean: float
    extra_lines: tuple[float, float, float]
    age: tuple[float, float]
    genders: tuple[float, ...]
    locations: tuple[float, ...]
    memberships: tuple[float, ...]
    categories: tuple[float, ...]
    payments: tuple[float, ...]
    weekdays: tuple[float, ...]
    day_parts: tuple[float, ...]
    season: tuple[float, int]


_FEMALE = (0.86, 0.14)
_MALE = (0.14, 0.86)
_WORKWEEK = (0.18, 0.18, 0.18, 0.17, 0.17, 0.06, 0.06)
_WEEKEND = (0.04, 0.04, 0.05, 0.06, 0.09, 0.40, 0.32)
_MORNING = (0.03, 0.78, 0.12, 0.07)
_AFTERNOON = (0.03, 0.10, 0.77, 0.10)
_EVENING = (0.08, 0.05, 0.11, 0.76)
_CAPITAL = (0.74, 0.05, 0.05, 0.08, 0.08)
_NORTH = (0.05, 0.74, 0.05, 0.08, 0.08)
_SOUTH = (0.05, 0.05, 0.74, 0.08, 0.08)
_BASIC = (0.78, 0.16, 0.06)
_SILVER = (0.12, 0.77, 0.11)
_GOLD = (0.06, 0.15, 0.79)
_CARD = (0.80, 0.07, 0.06, 0.07)
_WALLET = (0.08, 0.80, 0.05, 0.07)
_TRANSFER = (0.08, 0.05, 0.80, 0.07)

PERSONAS = (
    Persona(
        name="gadget_fan",
        share=0.20,
        rate_shape=1.5,
        rate_mean=1.0,
        dropout=(0.5, 3.0),
        basket_shape=4.0,
        basket_spread=6.0,
        basket_mean=160.0,
        extra_lines=(0.30, 0.08, 0.02),
        age=(27.0, 6.0),
        genders=_MALE,
        locations=_CAPITAL,
        memberships=_SILVER,
        categories=(0.62, 0.04, 0.04, 0.04, 0.04, 0.14, 0.04, 0.04),
        payments=_WALLET,
        weekdays=_WORKWEEK,
        day_parts=_EVENING,
        season=(0.35, 335),
    ),
    Persona(
        name="family_shopper",
        share=0.19,
        rate_shape=2.0,
        rate_mean=1.7,
        dropout=(0.5, 4.0),
        basket_shape=4.0,
        basket_spread=6.0,
        basket_mean=70.0,
        extra_lines=(0.55, 0.25, 0.10),
        age=(43.0, 6.0),
        genders=_FEMALE,
        locations=_NORTH,
        memberships=_SILVER,
        categories=(0.04, 0.62, 0.04, 0.04, 0.04, 0.04, 0.04, 0.14),
        payments=_WALLET,
        weekdays=_WEEKEND,
        day_parts=_MORNING,
        season=(0.20, 245),
    ),
    Persona(
        name="classic_patron",
        share=0.17,
        rate_shape=1.5,
        rate_mean=0.8,
        dropout=(0.5, 3.5),
        basket_shape=4.0,
        basket_spread=6.0,
        basket_mean=120.0,
        extra_lines=(0.35, 0.10, 0.03),
        age=(62.0, 6.0),
        genders=_FEMALE,
        locations=_CAPITAL,
        memberships=_GOLD,
        categories=(0.04, 0.04, 0.62, 0.04, 0.04, 0.04, 0.14, 0.04),
        payments=_TRANSFER,
        weekdays=_WORKWEEK,
        day_parts=_MORNING,
        season=(0.25, 110),
    ),
    Persona(
        name="pantry_stocker",
        share=0.16,
        rate_shape=2.0,
        rate_mean=1.4,
        dropout=(1.5, 7.0),
        basket_shape=4.0,
        basket_spread=6.0,
        basket_mean=50.0,
        extra_lines=(0.60, 0.30, 0.12),
        age=(62.0, 6.0),
        genders=_MALE,
        locations=_SOUTH,
        memberships=_GOLD,
        categories=(0.04, 0.62, 0.04, 0.14, 0.04, 0.04, 0.04, 0.04),
        payments=_CARD,
        weekdays=_WEEKEND,
        day_parts=_EVENING,
        season=(0.15, 20),
    ),
    Persona(
        name="home_professional",
        share=0.15,
        rate_shape=1.5,
        rate_mean=0.9,
        dropout=(1.5, 6.0),
        basket_shape=4.0,
        basket_spread=6.0,
        basket_mean=190.0,
        extra_lines=(0.25, 0.08, 0.02),
        age=(43.0, 6.0),
        genders=_MALE,
        locations=_SOUTH,
        memberships=_BASIC,
        categories=(0.62, 0.04, 0.04, 0.14, 0.04, 0.04, 0.04, 0.04),
        payments=_TRANSFER,
        weekdays=_WEEKEND,
        day_parts=_AFTERNOON,
        season=(0.25, 270),
    ),
    Persona(
        name="style_seeker",
        share=0.13,
        rate_shape=1.5,
        rate_mean=1.2,
        dropout=(0.5, 2.0),
        basket_shape=4.0,
        basket_spread=6.0,
        basket_mean=90.0,
        extra_lines=(0.40, 0.15, 0.05),
        age=(27.0, 6.0),
        genders=_FEMALE,
        locations=_NORTH,
        memberships=_BASIC,
        categories=(0.04, 0.04, 0.62, 0.04, 0.14, 0.04, 0.04, 0.04),
        payments=_CARD,
        weekdays=_WORKWEEK,
        day_parts=_AFTERNOON,
        season=(0.30, 160),
    ),
)
