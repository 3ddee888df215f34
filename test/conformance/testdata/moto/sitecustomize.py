"""Mends what keeps the emulator from serving requests that AWS serves.

Python imports this module at its start when its directory is on PYTHONPATH.
"""

import functools
import json


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


def mend_tags_of_apis():
    try:
        from urllib.parse import unquote

        from moto.apigateway import urls
        from moto.apigateway.responses import APIGatewayResponse as responses
    except ImportError:
        return
    tagged, untagged = responses.tag_resource, responses.untag_resource
    urls.url_paths["{0}/tags/arn:(?P<partition>[^/]+):apigateway:(?P<region_name>[^/]+)::/(?P<kind>[a-z]+)/(?P<function_id>[^/]+)$"] = responses.dispatch

    # Only stages can be tagged after they were made.
    def find(self):
        kind, name = unquote(self.path.split("/tags/")[1]).split("/")[-2:]
        found = {"restapis": self.backend.get_rest_api, "usageplans": self.backend.get_usage_plan, "apikeys": self.backend.get_api_key}.get(kind)
        return found(name) if found else None

    def tag_resource(self):
        thing = find(self)
        if thing is None:
            return tagged(self)
        thing.tags = {**(thing.tags or {}), **(self._get_param("tags") or {})}
        return "{}"

    def untag_resource(self):
        thing = find(self)
        if thing is None:
            return untagged(self)
        for tag in self.querystring.get("tagKeys") or []:
            thing.tags.pop(tag, None)
        return "{}"

    responses.tag_resource, responses.untag_resource = tag_resource, untag_resource


def mend_tags_of_users():
    try:
        from moto.cognitoidp.models import CognitoIdpBackend as backend
        from moto.cognitoidp.responses import CognitoIdpResponse as responses
        from moto.core.responses import ActionResult
    except ImportError:
        return

    # User pools cannot be tagged after they were made.
    def tags(self):
        pool = self.backend.describe_user_pool(self._get_param("ResourceArn").rsplit("/", 1)[-1])
        return pool.extended_config.setdefault("UserPoolTags", {})

    def tag_resource(self):
        tags(self).update(self._get_param("Tags") or {})
        return ActionResult({})

    def untag_resource(self):
        for key in self._get_param("TagKeys") or []:
            tags(self).pop(key, None)
        return ActionResult({})

    responses.tag_resource, responses.untag_resource = tag_resource, untag_resource

    # An update forgets what it cannot change.
    changed = backend.update_user_pool
    fixed = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration", "UserPoolTags", "UserPoolTier")

    def update_user_pool(self, user_pool_id, extended_config):
        before = self.describe_user_pool(user_pool_id).extended_config
        changed(self, user_pool_id, {**{name: before[name] for name in fixed if name in before}, **extended_config})

    backend.update_user_pool = update_user_pool

    # A resource server can neither be changed nor taken away.
    def update_resource_server(self):
        asked = self._get_param
        server = self.backend.describe_resource_server(asked("UserPoolId"), asked("Identifier"))
        server.name, server.scopes = asked("Name"), asked("Scopes")
        return ActionResult({"ResourceServer": server.to_json()})

    def delete_resource_server(self):
        pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
        pool.resource_servers.pop(self._get_param("Identifier"), None)
        return ActionResult({})

    responses.update_resource_server, responses.delete_resource_server = update_resource_server, delete_resource_server


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


def mend_layers():
    try:
        from types import SimpleNamespace

        from moto.awslambda.models import LambdaBackend as backend
    except ImportError:
        return
    found = backend.layers_versions_by_arn

    # Layers of other accounts, of AWS for example, are not known: a function may name one.
    def layers_versions_by_arn(self, layer_version_arn):
        if layer_version_arn.split(":")[4] != self.account_id:
            return SimpleNamespace(arn=layer_version_arn, code_size=1, code_bytes=b"")
        return found(self, layer_version_arn)

    backend.layers_versions_by_arn = layers_versions_by_arn


def mend_buckets():
    try:
        import types

        from moto.s3.models import FakeBucket as bucket
    except ImportError:
        return
    enabled = bucket._log_permissions_enabled_policy

    def plain(value):
        return value[0] if isinstance(value, list) and len(value) == 1 else value

    # A policy lets the log service in only when its resource and principal are
    # texts: a list of one is the same to AWS.
    def _log_permissions_enabled_policy(target_bucket, target_prefix):
        if not target_bucket.policy:
            return False
        document = json.loads(target_bucket.policy.decode())
        for statement in document["Statement"]:
            statement["Resource"] = plain(statement.get("Resource"))
            if isinstance(statement.get("Principal"), dict):
                statement["Principal"] = {kind: plain(value) for kind, value in statement["Principal"].items()}
            else:
                statement["Principal"] = {}
        seen = types.SimpleNamespace(policy=json.dumps(document).encode(), partition=target_bucket.partition, name=target_bucket.name)
        return enabled(target_bucket=seen, target_prefix=target_prefix)

    bucket._log_permissions_enabled_policy = staticmethod(_log_permissions_enabled_policy)


def mend_trails():
    try:
        from moto.cloudtrail.models import CloudTrailBackend as backend
    except ImportError:
        return

    # A trail is found by its name alone, where AWS takes its ARN as well.
    def by_name(method):
        @functools.wraps(method)
        def call(self, name, *args, **kwargs):
            return method(self, name.rsplit("/", 1)[-1], *args, **kwargs)

        return call

    for operation in ("start_logging", "stop_logging", "delete_trail"):
        setattr(backend, operation, by_name(getattr(backend, operation)))


def mend_firewalls():
    try:
        from moto.wafv2.models import FakeWebACL as firewall
        from moto.wafv2.responses import WAFV2Response as responses
    except ImportError:
        return
    described = firewall.to_dict
    firewall.data_protection = None

    # What is told of the protection of data is forgotten.
    def remembering(method):
        @functools.wraps(method)
        def call(self):
            answer = method(self)
            for acl in self.wafv2_backend.wacls.values():
                if acl.name == self._get_param("Name"):
                    acl.data_protection = json.loads(self.body).get("DataProtectionConfig")
            return answer

        return call

    def to_dict(self):
        return {**described(self), **({"DataProtectionConfig": self.data_protection} if self.data_protection else {})}

    firewall.to_dict = to_dict
    responses.create_web_acl, responses.update_web_acl = remembering(responses.create_web_acl), remembering(responses.update_web_acl)


def mend_signing():
    try:
        from moto.signer import urls
        from moto.signer.responses import SignerResponse as responses
    except ImportError:
        return
    for path in ("permissions", "permissions/(?P<statement_id>[^/]+)"):
        urls.url_paths["{0}/signing-profiles/(?P<profile_name>[^/]+)/" + path + "$"] = responses.dispatch

    # A profile's permissions, without which whatever is made after them cannot be tried.
    def permissions(self):
        profile = self.signer_backend.get_signing_profile(self.path.split("/signing-profiles/")[1].split("/")[0])
        if not hasattr(profile, "permissions"):
            profile.permissions = {}
        return profile.permissions

    def revision(held):
        return f"revision-{len(held)}"

    def add_profile_permission(self):
        held = permissions(self)
        wanted = json.loads(self.body)
        held[wanted["statementId"]] = {k: wanted[k] for k in ("action", "principal", "statementId", "profileVersion") if wanted.get(k)}
        return json.dumps({"revisionId": revision(held)})

    def list_profile_permissions(self):
        held = permissions(self)
        return json.dumps({"revisionId": revision(held), "policySizeBytes": len(json.dumps(held)), "permissions": list(held.values())})

    def remove_profile_permission(self):
        held = permissions(self)
        held.pop(self.path.rsplit("/", 1)[-1], None)
        return json.dumps({"revisionId": revision(held)})

    responses.add_profile_permission = add_profile_permission
    responses.list_profile_permissions = list_profile_permissions
    responses.remove_profile_permission = remove_profile_permission


def mend_code_signing():
    try:
        import random
        from datetime import datetime, timezone
        from types import SimpleNamespace
        from urllib.parse import unquote

        from moto.awslambda import urls
        from moto.awslambda.models import LambdaBackend as backend
        from moto.awslambda.responses import LambdaResponse as responses
    except ImportError:
        return
    # There are no code signing configurations, on which everything that holds functions
    # of others depends: without them none of it could be tried.
    for path in ("/?", "/(?P<arn>[^/]+)/?"):
        urls.url_paths["{0}/(?P<api_version>[^/]+)/code-signing-configs" + path + "$"] = responses.dispatch
    found = backend._get_resource_by_arn

    def held(backend):
        if not hasattr(backend, "code_signing_configs"):
            backend.code_signing_configs = {}
        return backend.code_signing_configs

    def _get_resource_by_arn(self, arn):
        if ":code-signing-config:" in arn and arn in held(self):
            return held(self)[arn]
        return found(self, arn)

    def asked(self):
        return held(self.backend).get(unquote(self.path.rstrip("/").rsplit("/", 1)[-1]))

    def missing():
        return 404, {"x-amzn-errortype": "ResourceNotFoundException", "status": 404}, json.dumps({"Type": "User", "Message": "The code signing configuration cannot be found."})

    def answer(config):
        return json.dumps({"CodeSigningConfig": config.body})

    def create_code_signing_config(self):
        name = "csc-" + "".join(random.choices("0123456789abcdef", k=17))
        arn = f"arn:aws:lambda:{self.backend.region_name}:{self.backend.account_id}:code-signing-config:{name}"
        config = SimpleNamespace(tags=self.json_body.get("Tags") or {}, body={"CodeSigningConfigArn": arn, "CodeSigningConfigId": name, "Description": ""})
        config.body["CodeSigningPolicies"] = {"UntrustedArtifactOnDeployment": "Warn"}
        held(self.backend)[arn] = config
        change(config, self.json_body)
        return 201, {"status": 201}, answer(config)

    def change(config, wanted):
        config.body.update((name, wanted[name]) for name in ("AllowedPublishers", "CodeSigningPolicies", "Description") if wanted.get(name) is not None)
        config.body["LastModified"] = datetime.now(timezone.utc).isoformat(timespec="milliseconds")

    def get_code_signing_config(self):
        config = asked(self)
        return answer(config) if config else missing()

    def update_code_signing_config(self):
        config = asked(self)
        if not config:
            return missing()
        change(config, self.json_body)
        return answer(config)

    def delete_code_signing_config(self):
        config = asked(self)
        if not config:
            return missing()
        del held(self.backend)[config.body["CodeSigningConfigArn"]]
        return 204, {"status": 204}, "{}"

    backend._get_resource_by_arn = _get_resource_by_arn
    responses.create_code_signing_config, responses.get_code_signing_config = create_code_signing_config, get_code_signing_config
    responses.update_code_signing_config, responses.delete_code_signing_config = update_code_signing_config, delete_code_signing_config


def mend_instances():
    try:
        from moto.ec2.models.elastic_network_interfaces import NetworkInterface as interface
        from moto.ec2.models.launch_templates import LaunchTemplateBackend as templates
    except ImportError:
        return
    association, created = interface.association.fget, templates.create_launch_template

    # An association without anything in it is read as a public address.
    interface.association = property(lambda self: association(self) or None)

    # A template's own tags become those of what is launched from it.
    def create_launch_template(self, name, description, template_data, tag_spec):
        kept = [s for s in template_data.pop("TagSpecifications", []) if s["ResourceType"] != "launch-template"]
        if kept:
            template_data["TagSpecifications"] = kept
        return created(self, name, description, template_data, tag_spec)

    templates.create_launch_template = create_launch_template


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
        # SQS writes the policy without blanks, and a difference is one to the provider.
        if self.redrive_policy:
            result["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
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
mend_tags_of_apis()
mend_tags_of_users()
mend_functions()
mend_layers()
mend_buckets()
mend_trails()
mend_firewalls()
mend_signing()
mend_code_signing()
mend_instances()
mend_queues()
mend_topics()
