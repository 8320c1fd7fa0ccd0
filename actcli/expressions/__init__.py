"""Text ↔ expression tree ↔ value, with no knowledge of activations."""
