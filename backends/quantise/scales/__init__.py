"""Scale and zero point of every tensor: the model's own, and those that calibration gives."""
