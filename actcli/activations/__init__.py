"""The catalogue: what the project knows about activation functions, and how a user's words find it."""
