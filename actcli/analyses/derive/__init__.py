"""`derive`: derivatives step by step, each step checked, and what there is to know about them."""
