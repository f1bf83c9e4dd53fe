"""PBQP solvers behind one contract."""
