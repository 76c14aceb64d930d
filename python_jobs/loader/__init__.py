"""The parts of the loader: the mapping, reading files, parsing rows."""
