"""Networks whose output has places: detectors, segmenters, text detectors; one file per family."""
