"""One room for each command: plain arguments in, a Report out."""
