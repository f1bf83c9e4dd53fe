"""Reading an ONNX file: bytes, schemas, constants, shapes and inputs."""
