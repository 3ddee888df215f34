"""Mends what keeps the emulator from serving requests that AWS serves.

Python imports this module at its start when its directory is on PYTHONPATH.
"""

import functools


def with_defaults(method, **defaults):
    """Gives a method whose keyword arguments may be left out."""

    @functools.wraps(method)
    def call(self, *args, **kwargs):
        names = method.__code__.co_varnames[1 : method.__code__.co_argcount]
        for name, value in defaults.items():
            if name not in names[: len(args)]:
                kwargs.setdefault(name, value)
        return method(self, *args, **kwargs)

    return call


def mend():
    try:
        from moto.apigateway.models import APIGatewayBackend as backend
    except ImportError:
        return
    # Importing an OpenAPI document with an integration of type mock, which has
    # neither a URI nor a method, ends in a TypeError.
    backend.put_integration = with_defaults(backend.put_integration, uri="", integration_method="POST")
    backend.put_integration_response = with_defaults(
        backend.put_integration_response, selection_pattern=None, response_templates={}, response_parameters={}
    )


mend()
