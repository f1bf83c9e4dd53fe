"""What goes into a network and what comes out: pictures, sets of them, labels, classes."""
