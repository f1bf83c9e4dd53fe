"""Networks: layers and tensors, the work that each layer asks of the machine, and a network written as ONNX."""
