"""Runs a job over the splits of a dataset and merges the partial states."""
