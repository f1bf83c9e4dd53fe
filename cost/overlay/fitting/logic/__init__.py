"""The LUTs and flip-flops of an overlay."""
