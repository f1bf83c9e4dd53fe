"""What an overlay takes of a device, and which arrays and buffers fit (docs/overlay.md, section 9)."""
