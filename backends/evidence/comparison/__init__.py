"""Comparison with onnxruntime, and the quantised network written for it."""
