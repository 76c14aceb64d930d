"""The one exception that is meant for a person."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can put right; its text is one line that says how."""
