"""How a history with hidden personas and planted trouble comes about."""
