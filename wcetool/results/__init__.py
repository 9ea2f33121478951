"""What the public functions return: numbers with where they came from, and their JSON contracts.

The numbers are computed in `core`; how they look is in `render`.
"""
