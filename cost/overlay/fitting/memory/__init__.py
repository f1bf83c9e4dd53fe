"""The on-chip memories of an overlay: what they are, and the blocks of a device that they take."""
