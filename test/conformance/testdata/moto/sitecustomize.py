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


def mend_apis():
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


def mend_functions():
    try:
        from moto.awslambda.models import LambdaFunction as function
    except ImportError:
        return
    made, described, changed = function.__init__, function.get_configuration, function.update_configuration

    # What CreateFunction is told of logging is forgotten.
    def __init__(self, account_id, spec, *args, **kwargs):
        made(self, account_id, spec, *args, **kwargs)
        self.logging_config = spec.get("LoggingConfig")

    def get_configuration(self, *args, **kwargs):
        config = described(self, *args, **kwargs)
        if getattr(self, "logging_config", None):
            config["LoggingConfig"] = self.logging_config
        return config

    def update_configuration(self, config_updates, *args, **kwargs):
        if "LoggingConfig" in config_updates:
            self.logging_config = config_updates["LoggingConfig"]
        return changed(self, config_updates, *args, **kwargs)

    function.__init__, function.get_configuration, function.update_configuration = __init__, get_configuration, update_configuration


mend_apis()
mend_functions()
