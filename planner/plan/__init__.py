"""The plan: what was decided, as a value and as a document."""
