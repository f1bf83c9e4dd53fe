"""The event simulator: an overlay program on the machine of docs/overlay.md, cycle by cycle, block by block."""
