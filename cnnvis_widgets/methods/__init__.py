"""One published method per module, and their shared contract.

Nothing here imports TensorFlow: a method gets derivatives from a `Network` and computes with NumPy.
"""

from __future__ import annotations

import functools
import sys
from types import ModuleType
from typing import Any

from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.methods.contract import Method
from cnnvis_widgets.registry import discover


@functools.cache
def all_methods() -> dict[str, Method]:
    """Every method of this package, by name, in menu order."""
    import cnnvis_widgets.methods as package

    return {name: cls() for name, cls in discover(package, Method).items()}


def method(name: str) -> Method:
    """The method of that name.

    Raises:
        UnknownNameError: no such method; the message lists all.
    """
    methods = all_methods()
    if name not in methods:
        raise UnknownNameError.of("method", name, methods)
    return methods[name]


class _CallablePackage(ModuleType):
    """This package, which is also the public function `cnnvis.methods()`.

    Importing any method makes Python bind the package's name "methods" to this module; a function
    of that name would be there only until then.
    """

    def __call__(self) -> list[dict[str, Any]]:
        """Every method's facts: the columns of the thesis' Table 1, parameters, paper, networks.

        Returns:
            One dictionary a method, in the order of a menu: what the attributes of
            `cnnvis_widgets.methods.contract.Method` say, and `networks`: "any", or what it needs.

        Examples:
            >>> [fact["name"] for fact in cnnvis.methods()][:3]
            ['saliency', 'deconvnet', 'guided_backprop']
            >>> cnnvis.methods()[0]["gradient_based"]
            True
        """
        return [method.facts() for method in all_methods().values()]


sys.modules[__name__].__class__ = _CallablePackage
