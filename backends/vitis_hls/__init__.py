"""The Vitis HLS backend: a project for AMD devices that builds the overlay, and its C simulation on this machine."""

from dynamap.backends.vitis_hls.backend import VitisHls

backend = VitisHls()

__all__ = ["VitisHls", "backend"]
