"""Speed, measured side by side: run `make bench`. Nothing here is a test, and no figure is asserted anywhere."""
