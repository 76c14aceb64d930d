"""Small faults, each of which a test must see."""
