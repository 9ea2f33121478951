"""The public functions: what a command does is one of them, with the same option names."""
