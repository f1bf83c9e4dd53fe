"""How each ONNX operator is lowered, one family per file."""
