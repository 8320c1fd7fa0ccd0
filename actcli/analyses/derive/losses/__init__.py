"""What the forms that people know lose in floating point, measured."""
