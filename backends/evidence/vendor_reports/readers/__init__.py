"""Readers of the report formats that the vendors' tools write."""
