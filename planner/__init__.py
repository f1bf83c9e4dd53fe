"""Networks, their import, formats, solvers, the overlay search and the plan."""
