"""The config: one TOML file, decoded into frozen structs; a section a file, and `whole.py` for all of it."""
