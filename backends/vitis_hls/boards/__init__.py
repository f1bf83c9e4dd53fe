"""From a project to a board: which way a device has, its steps, and the settings of its block design."""
