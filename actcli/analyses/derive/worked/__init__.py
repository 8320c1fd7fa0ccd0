"""Formulas worked out with numbers, as in textbooks."""
