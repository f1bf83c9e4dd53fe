"""The overlay: one array, three engines, and the closed forms of their timing."""
