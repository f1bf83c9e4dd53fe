"""The NumPy emulator: runs overlay programs, block by block, to the bit."""

from dynamap.backends.emulator.executor import Emulator, LayerCount, execute

__all__ = ["Emulator", "LayerCount", "execute"]
