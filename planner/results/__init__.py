"""Results: files that are written whole or not at all, JSON documents, and text from models that people can read."""
