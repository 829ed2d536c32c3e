"""The marketplaces, one folder each; the only code that knows a vendor's name.

The registry finds every sub-package that exposes a `MARKETPLACE`. A new marketplace is one new
folder with the same modules as the others: `settings` (its table in the configuration), `wire`
(the vendor's shapes as sent), `client` (HTTP), `adapter` (wire to `Sale`, pure) and `pretend`
(its API on loopback, for the demo and the tests). `base` holds what crosses the line.
"""

import pkgutil
from importlib import import_module

from salesdaemon.errors import DomainError
from salesdaemon.marketplaces.base import Marketplace


def available() -> list[str]:
    """Return the slugs of all marketplaces, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def load(slug: str) -> Marketplace:
    """Import one marketplace.

    Raises:
        DomainError: there is no marketplace of that name.
    """
    if slug not in available():
        raise DomainError(f"There is no marketplace {slug!r}.", fix=f"Known: {available()}.")
    marketplace = import_module(f"{__name__}.{slug}").MARKETPLACE
    if not isinstance(marketplace, Marketplace):
        raise DomainError(f"The folder of {slug!r} exposes no marketplace.")
    return marketplace
