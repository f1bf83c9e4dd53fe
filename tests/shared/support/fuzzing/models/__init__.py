"""Mutated ONNX files: small seeds, mutations of their structure and of their bytes."""
