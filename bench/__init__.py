"""How fast we are, beside a reference measured in the same run: `python -m bench` (performance.md)."""
