"""One language a file: how it spells operations, and the template its functions go into."""
