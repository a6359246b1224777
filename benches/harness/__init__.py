"""The benches: what is run, how it is measured, and how it is shown."""
