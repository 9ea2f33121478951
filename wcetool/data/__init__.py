"""Files to arrays and back: the only place that knows a file format."""
