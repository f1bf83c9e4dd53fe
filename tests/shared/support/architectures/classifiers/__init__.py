"""Networks that classify images, one file per family."""
