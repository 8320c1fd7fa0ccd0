"""Whether an equation holds: by proof, by comparison, or not."""
