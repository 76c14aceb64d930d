"""Everything that is not SQL: the engine, the raw data, the personas, the command."""
