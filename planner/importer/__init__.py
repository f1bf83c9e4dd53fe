"""ONNX import."""
