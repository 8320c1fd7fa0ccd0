"""The command line: one thin file a command, which parses, calls an analysis, and renders its report."""
