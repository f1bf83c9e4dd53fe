"""The units that the event simulator moves: array, memory, passes, pooling, vector unit."""
