"""The catalogue as a configuration file extends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actcli.activations.registry import DEFAULT, Catalogue

if TYPE_CHECKING:
    from actcli.config import Config


def catalogue_of(config: Config | None) -> Catalogue:
    """Return the catalogue with the activations that a configuration adds. Raises UsageError for a bad one."""
    if config is None or not config.activations:
        return DEFAULT
    catalogue = Catalogue(config.activations)
    catalogue.check()
    return catalogue
