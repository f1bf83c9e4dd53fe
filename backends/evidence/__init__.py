"""Evidence: comparison with other runtimes, verification, reports, and the vendors' own figures."""
