"""What changed many leads at once, what it did to each, and how all that is taken back."""
