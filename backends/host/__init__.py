"""What the host runs between the parts of the overlay."""
