"""What the dynamic programme is made of: bounds, reductions, buckets and what they leave."""
