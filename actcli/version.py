"""The version, in a module of its own: `actcli --version` reads it and nothing else."""

VERSION = "0.1.0"
