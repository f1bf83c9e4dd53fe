"""The NumPy emulator: runs overlay programs, block by block, to the bit."""
