"""Where a function has its zeros, extrema, inflections, kinks, limits and largest slope, with certified digits."""
