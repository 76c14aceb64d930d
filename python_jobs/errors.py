"""The exceptions that are meant for a person."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can put right; its text is one line that says how."""


class NothingToLearnError(UserError):
    """Too few customers, or too alike: no model, but no reason to stop a whole run."""
