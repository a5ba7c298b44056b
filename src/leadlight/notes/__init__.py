"""Notes: what people write on leads."""
