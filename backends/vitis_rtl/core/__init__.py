"""The convolution core as a cost model sees it: its sizes, the registers of a pass, and the cycle of every event."""
