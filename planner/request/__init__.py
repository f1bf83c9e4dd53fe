"""What a user asks of a plan, and planning the same question again."""
