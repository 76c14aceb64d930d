"""Names for personas, by rule: what sets a centroid apart from all customers.

The rules are `seeds/persona_naming_rules.csv`, for users to edit. Each gives the words
for one feature that is high or low, their place in the name (from 60 on behind
"shoppers"), their family (a name takes one trait of each) and a weight. A trait's
salience is its effect, in deviations among customers, times that weight.

A persona keeps its name when it is trained again, as long as the rules are the same and
each trait in the name is at least half as strong as when the name was given.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from python_jobs.errors import UserError
from python_jobs.settings import PROJECT
from python_jobs.trainer.features import LOG, ONE_HOT, OTHER, SHARE, Feature
from python_jobs.trainer.profiles import Profile

RULES_FILE = PROJECT / "seeds" / "persona_naming_rules.csv"
TRAITS = 2
# Less than this many deviations (times the weight) is nothing to name someone after.
LEAST_SALIENCE = 0.25
# A name that was true stays until a trait has lost this much of its salience.
FADED = 0.5
NOUN, NOUN_PLACE = "shoppers", 50


@dataclass(frozen=True)
class Rule:
    """The words for a feature that is high or low."""

    feature: str
    direction: str
    words: str
    place: int
    family: str
    weight: float
    label: str


@dataclass(frozen=True)
class Trait:
    """What a name says of a persona, and how strong it was when the name was given."""

    feature: str
    direction: str
    salience: float


@dataclass(frozen=True)
class Name:
    """A name, the figures behind it, and the traits that it is made of."""

    name: str
    reason: str
    traits: Sequence[Trait]


@dataclass(frozen=True)
class _Fit:
    """A rule that fits a persona.

    Attributes:
        rule: The rule.
        feature: The feature it is about.
        profile: How the persona stands there.
        salience: How strong the trait is.
        lead: How much stronger than in the persona's namesakes.
    """

    rule: Rule
    feature: Feature
    profile: Profile
    salience: float
    lead: float

    @property
    def words(self) -> str:
        """What the name says."""
        return self.rule.words.format(value=_value(self.feature))

    @property
    def reason(self) -> str:
        """The figures behind it."""
        label = self.rule.label.format(value=_value(self.feature))
        return (
            f"{label} {_figure(self.feature, self.profile.mean)} against "
            f"{_figure(self.feature, self.feature.population_mean)}"
        )

    @property
    def trait(self) -> Trait:
        """What is remembered of it."""
        return Trait(self.feature.name, self.rule.direction, self.salience)


def fingerprint() -> str:
    """What changes when the rules change."""
    return hashlib.sha256(RULES_FILE.read_bytes()).hexdigest()[:16]


def rules() -> list[Rule]:
    """The rules of the seed.

    Raises:
        UserError: The file cannot be used.
    """
    with RULES_FILE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        found = [
            Rule(
                feature=row["feature"],
                direction=row["direction"],
                words=row["words"],
                place=int(row["place"]),
                family=row["family"],
                weight=float(row["weight"]),
                label=row["label"],
            )
            for row in rows
        ]
        for rule in found:
            (rule.words + rule.label).format(value="")
    except (KeyError, ValueError, TypeError, IndexError) as error:
        is_ours = RULES_FILE.is_relative_to(PROJECT)
        file = RULES_FILE.relative_to(PROJECT) if is_ours else RULES_FILE
        raise UserError(
            f"{file} cannot be used ({error!r}): every row "
            "needs feature, direction, words, place, family, weight and label"
        ) from error
    return found


def named(
    features: list[Feature],
    profiles: Mapping[int, Mapping[str, Profile]],
    known: Mapping[int, Name],
) -> dict[int, Name]:
    """A unique name for each persona.

    Args:
        features: The features of the model.
        profiles: For each persona, how it stands in each feature.
        known: The names that personas already have.
    """
    all_rules = rules()
    fits = {
        persona: _fits(all_rules, features, profile, {})
        for persona, profile in profiles.items()
    }
    kept = {
        persona: Name(
            known[persona].name,
            _reason(_still_true(known[persona], found)),
            known[persona].traits,
        )
        for persona, found in fits.items()
        if persona in known and _holds(known[persona], found)
    }
    chosen = {
        persona: _one_a_family([f for f in found if f.salience >= LEAST_SALIENCE])
        for persona, found in fits.items()
        if persona not in kept
    }
    chosen = {persona: found[:TRAITS] for persona, found in chosen.items()}
    taken = {name.name: persona for persona, name in kept.items()}
    while namesakes := _namesakes(chosen, taken):
        changed = False
        for group in namesakes:
            common = _mean_effects([profiles[persona] for persona in group])
            for persona in chosen.keys() & group:
                families = {fit.rule.family for fit in chosen[persona]}
                more = [
                    fit
                    for fit in _fits(all_rules, features, profiles[persona], common)
                    if fit.rule.family not in families and fit.lead > 0
                ]
                chosen[persona] = [*chosen[persona], *more[:1]]
                changed = changed or bool(more)
        if not changed:
            break
    names = {persona: _name(found) for persona, found in chosen.items()}
    counts = Counter([*names.values(), *taken])
    new = {
        persona: Name(
            name if counts[name] == 1 else f"{name} ({persona})",
            _reason(chosen[persona]),
            [fit.trait for fit in chosen[persona]],
        )
        for persona, name in names.items()
    }
    return {persona: (kept | new)[persona] for persona in profiles}


def _holds(name: Name, fits: Sequence[_Fit]) -> bool:
    if not name.traits:
        return all(fit.salience < LEAST_SALIENCE / FADED for fit in fits)
    now = {(fit.feature.name, fit.rule.direction): fit.salience for fit in fits}
    return all(
        now.get((trait.feature, trait.direction), 0.0) >= FADED * trait.salience
        for trait in name.traits
    )


def _still_true(name: Name, fits: Sequence[_Fit]) -> list[_Fit]:
    traits = {(trait.feature, trait.direction) for trait in name.traits}
    return [fit for fit in fits if (fit.feature.name, fit.rule.direction) in traits]


def _fits(
    all_rules: list[Rule],
    features: list[Feature],
    profile: Mapping[str, Profile],
    common: Mapping[str, float],
) -> list[_Fit]:
    """All rules that fit, the one that tells most first.

    Args:
        all_rules: The rules.
        features: The features of the model.
        profile: How the persona stands in each feature.
        common: Effects that its namesakes have in common, and so tell nothing.
    """
    found = []
    for feature in features:
        column, _, value = feature.name.partition(":")
        effect = profile[feature.name].effect
        if effect is None or value == OTHER:
            continue
        for rule in all_rules:
            sign = 1 if rule.direction == "high" else -1
            if rule.feature == column and effect * sign > 0:
                lead = (effect - common.get(feature.name, 0.0)) * sign * rule.weight
                salience = abs(effect) * rule.weight
                found.append(_Fit(rule, feature, profile[feature.name], salience, lead))
    return sorted(found, key=lambda fit: (-fit.lead, fit.feature.name))


def _one_a_family(fits: list[_Fit]) -> list[_Fit]:
    families: dict[str, _Fit] = {}
    for fit in fits:
        families.setdefault(fit.rule.family, fit)
    return list(families.values())


def _namesakes(
    chosen: Mapping[int, list[_Fit]], taken: Mapping[str, int]
) -> list[list[int]]:
    """Personas of one name, the one that has it already among them."""
    groups: dict[str, list[int]] = {}
    for persona, found in chosen.items():
        groups.setdefault(_name(found), []).append(persona)
    for name in groups.keys() & taken:
        groups[name].append(taken[name])
    return [group for group in groups.values() if len(group) > 1]


def _mean_effects(profiles: list[Mapping[str, Profile]]) -> dict[str, float]:
    return {
        feature: sum(profile[feature].effect or 0.0 for profile in profiles)
        / len(profiles)
        for feature in profiles[0]
    }


def _name(fits: list[_Fit]) -> str:
    words = [(NOUN_PLACE, NOUN), *((fit.rule.place, fit.words) for fit in fits)]
    if not fits:
        words.append((0, "average"))
    name = " ".join(word for _, word in sorted(words))
    return name[0].upper() + name[1:]


def _reason(fits: list[_Fit]) -> str:
    if not fits:
        return "close to the average of all customers in every feature"
    ordered = sorted(fits, key=lambda fit: -fit.salience)
    return "; ".join(fit.reason for fit in ordered) + " in all customers"


def _value(feature: Feature) -> str:
    value = feature.name.partition(":")[2].replace("_", " ")
    return value if feature.group == "location" else value.lower()


def _figure(feature: Feature, number: float | None) -> str:
    if number is None:
        return "unknown"
    if feature.transform in (SHARE, ONE_HOT) or feature.name == "returns_rate":
        return f"{100 * number:.0f} %"
    return f"{number:,.2f}" if feature.transform == LOG else f"{number:,.1f}"
