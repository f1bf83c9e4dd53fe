"""Random ONNX files, from their seeds to their comparison with themselves in onnxruntime."""
