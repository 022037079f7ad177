"""What the shape check consists of: sentences for violations, stray keys, and what later versions bring."""
