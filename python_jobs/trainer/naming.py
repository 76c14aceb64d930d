"""Names for personas, by rule: what sets a centroid apart from all customers.

The rules are `seeds/persona_naming_rules.csv`, for users to edit. Each gives the words
for one feature that is high or low, their place in the name (from 60 on behind
"shoppers"), their family (a name takes one trait of each) and a weight. A trait's
salience is its effect, in deviations among customers, times that weight.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from python_jobs.errors import UserError
from python_jobs.settings import PROJECT
from python_jobs.trainer.features import LOG, ONE_HOT, OTHER, SHARE, Feature, Profile

RULES_FILE = PROJECT / "seeds" / "persona_naming_rules.csv"
TRAITS = 2
# Less than this many deviations (times the weight) is nothing to name someone after.
LEAST_SALIENCE = 0.25
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
    """A rule that fits a persona."""

    rule: Rule
    feature: Feature
    profile: Profile
    salience: float

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
        raise UserError(
            f"{RULES_FILE.relative_to(PROJECT)} cannot be used ({error!r}): every row "
            "needs feature, direction, words, place, family, weight and label"
        ) from error
    return found


def named(
    features: list[Feature], profiles: Mapping[int, Mapping[str, Profile]]
) -> dict[int, tuple[str, str]]:
    """A unique name and its reason for each persona.

    Args:
        features: The features of the model.
        profiles: For each persona, how it stands in each feature.
    """
    known = rules()
    salient = {
        persona: [
            trait
            for trait in _traits(known, features, profile, {})
            if trait.salience >= LEAST_SALIENCE
        ]
        for persona, profile in profiles.items()
    }
    traits = {
        persona: _one_a_family(found)[:TRAITS] for persona, found in salient.items()
    }
    while namesakes := _namesakes(traits):
        changed = False
        for group in namesakes:
            common = _mean_effects([profiles[persona] for persona in group])
            for persona in group:
                taken = {trait.rule.family for trait in traits[persona]}
                more = [
                    trait
                    for trait in _traits(known, features, profiles[persona], common)
                    if trait.rule.family not in taken and trait.salience > 0
                ]
                traits[persona] = [*traits[persona], *more[:1]]
                changed = changed or bool(more)
        if not changed:
            break
    names = {persona: _name(found) for persona, found in traits.items()}
    counts = Counter(names.values())
    return {
        persona: (
            name if counts[name] == 1 else f"{name} ({persona})",
            _reason(traits[persona]),
        )
        for persona, name in names.items()
    }


def _traits(
    known: list[Rule],
    features: list[Feature],
    profile: Mapping[str, Profile],
    common: Mapping[str, float],
) -> list[Trait]:
    """All rules that fit, the most salient first.

    Args:
        known: The rules.
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
        for rule in known:
            sign = 1 if rule.direction == "high" else -1
            apart = (effect - common.get(feature.name, 0.0)) * sign
            if rule.feature == column and effect * sign > 0:
                salience = apart * rule.weight
                found.append(Trait(rule, feature, profile[feature.name], salience))
    return sorted(found, key=lambda trait: (-trait.salience, trait.feature.name))


def _one_a_family(traits: list[Trait]) -> list[Trait]:
    families: dict[str, Trait] = {}
    for trait in traits:
        families.setdefault(trait.rule.family, trait)
    return list(families.values())


def _namesakes(traits: dict[int, list[Trait]]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for persona, found in traits.items():
        groups.setdefault(_name(found), []).append(persona)
    return [group for group in groups.values() if len(group) > 1]


def _mean_effects(profiles: list[Mapping[str, Profile]]) -> dict[str, float]:
    return {
        feature: sum(profile[feature].effect or 0.0 for profile in profiles)
        / len(profiles)
        for feature in profiles[0]
    }


def _name(traits: list[Trait]) -> str:
    words = [(NOUN_PLACE, NOUN), *((trait.rule.place, trait.words) for trait in traits)]
    if not traits:
        words.append((0, "average"))
    name = " ".join(word for _, word in sorted(words))
    return name[0].upper() + name[1:]


def _reason(traits: list[Trait]) -> str:
    if not traits:
        return "close to the average of all customers in every feature"
    ordered = sorted(traits, key=lambda trait: -trait.salience)
    return "; ".join(trait.reason for trait in ordered) + " in all customers"


def _value(feature: Feature) -> str:
    value = feature.name.partition(":")[2].replace("_", " ")
    return value if feature.group == "location" else value.lower()


def _figure(feature: Feature, number: float | None) -> str:
    if number is None:
        return "unknown"
    if feature.transform in (SHARE, ONE_HOT) or feature.name == "returns_rate":
        return f"{number:.0%}"
    return f"{number:,.2f}" if feature.transform == LOG else f"{number:,.1f}"
