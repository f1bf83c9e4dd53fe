"""Random networks whose tensors are stored as integers: by QuantizeLinear at edges, or by QLinear operators."""
