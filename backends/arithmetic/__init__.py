"""The integer arithmetic that every executor shares."""
