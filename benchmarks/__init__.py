"""What the tool costs, beside what the work itself costs. ``python -m benchmarks --help``."""
