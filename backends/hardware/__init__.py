"""What the backends that build hardware share: sizes and records of kernels, host files, pages, checks of plans."""
