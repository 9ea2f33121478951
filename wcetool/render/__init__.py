"""Results -> text: the only place that knows Rich."""
