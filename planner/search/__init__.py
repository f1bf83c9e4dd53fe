"""The joint search over overlays and mappings, with its bounds and its proof."""
