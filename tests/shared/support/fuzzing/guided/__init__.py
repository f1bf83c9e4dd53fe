"""Damage that Atheris guides by the lines that a file reaches; `make fuzz` runs both targets."""
