"""The catalogue of faults fits the project; `make mutants` tries them."""

from __future__ import annotations

from tests.mutants import catalog


def test_there_are_many_mutants_and_each_fits_the_project() -> None:
    mutants = catalog.read()
    assert len(mutants) >= 40
    assert list(catalog.problems(mutants)) == []
    assert len({one.promise for one in mutants}) == len(mutants)


def test_the_readme_tells_of_each_mutant() -> None:
    assert catalog.README.read_text() == catalog.readme(catalog.read())
