"""Numbers: counts, weights, losses. NumPy only; opens no file, prints nothing, reads no clock."""
