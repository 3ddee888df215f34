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
    # What CreateFunction and UpdateFunctionConfiguration are told of these is forgotten.
    forgotten = ("LoggingConfig", "KMSKeyArn", "DeadLetterConfig")

    def __init__(self, account_id, spec, *args, **kwargs):
        made(self, account_id, spec, *args, **kwargs)
        self.remembered = {name: spec[name] for name in forgotten if spec.get(name)}

    def get_configuration(self, *args, **kwargs):
        return {**described(self, *args, **kwargs), **getattr(self, "remembered", {})}

    def update_configuration(self, config_updates, *args, **kwargs):
        self.remembered.update((name, config_updates[name]) for name in forgotten if name in config_updates)
        return changed(self, config_updates, *args, **kwargs)

    function.__init__, function.get_configuration, function.update_configuration = __init__, get_configuration, update_configuration


def mend_queues():
    try:
        from moto.sqs.models import Queue as queue
    except ImportError:
        return
    described, changed = queue.attributes.fget, queue._set_attributes
    # Taken, and never told of again: the provider waits for it in vain.
    queue.redrive_allow_policy = None

    def attributes(self):
        result = described(self)
        if self.redrive_allow_policy:
            result["RedriveAllowPolicy"] = self.redrive_allow_policy
        return result

    # Setting other attributes takes the policy away.
    def _set_attributes(self, attributes, *args, **kwargs):
        policy = getattr(self, "policy", None)
        changed(self, attributes, *args, **kwargs)
        if "Policy" not in attributes:
            self.policy = policy

    queue.attributes, queue._set_attributes = property(attributes), _set_attributes
    queue.BASE_ATTRIBUTES = [*queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]


def mend_topics():
    try:
        from moto.sns.models import Topic as topic
        from moto.sns.responses import SNSResponse as responses
    except ImportError:
        return
    described = responses.get_topic_attributes
    topic.signature_version = None
    topic.tracing_config = None

    # Taken, and never told of again.
    def get_topic_attributes(self):
        answer = described(self)
        asked = self.backend.get_topic(self._get_param("TopicArn"))
        for name, value in (("SignatureVersion", asked.signature_version), ("TracingConfig", asked.tracing_config)):
            if value:
                answer.result["Attributes"][name] = value
        return answer

    responses.get_topic_attributes = get_topic_attributes


mend_apis()
mend_functions()
mend_queues()
mend_topics()
