# METADATA
# title: REST APIs
# description: |
#   Which stage belongs to which API, which settings hold for a stage, and the
#   OpenAPI definitions of APIs, parsed once.
package tenantform.lib.apigateway

import data.tenantform.lib.plan

api_type := "aws:apigateway/restApi:RestApi"

stage_type := "aws:apigateway/stage:Stage"

settings_type := "aws:apigateway/methodSettings:MethodSettings"

# METADATA
# description: The live stages of REST APIs.
stages := plan.of_type(stage_type)

# METADATA
# description: |
#   What tells the API that a property names: its URN where it is in the plan, and
#   the id where that is known.
apis(r, property) := plan.sources_of_type(r, property, api_type) | api_keys(plan.get(r, property))

# METADATA
# description: What tells the API of an id.
default api_keys(_) := set()

api_keys(id) := {id} | object.get(urns_by_id, id, set()) if {
	is_string(id)
	id != ""
}

urns_by_id := by_id

by_id[id] contains r.urn if {
	some r in plan.of_type(api_type)
	id := plan.text(object.get(r, "id", ""))
	id != ""
}

# METADATA
# description: The URNs of the live stages of a name, of an API that a key tells.
stages_of(key, name) := object.get(stages_by_key, concat("/", [key, plan.text(name)]), set())

stages_by_key := by_key

by_key[key] contains s.urn if {
	some s in stages
	some api in apis(s, "restApi")
	key := concat("/", [api, plan.text(plan.get(s, "stageName"))])
}

# METADATA
# description: The settings of methods that hold for a stage.
settings_of(stage) := [plan.by_urn[urn] | some urn in object.get(settings_by_stage, stage.urn, set())]

# METADATA
# description: The live settings of methods.
settings := plan.of_type(settings_type)

settings_by_stage := by_stage

by_stage[stage] contains s.urn if {
	some s in settings
	some stage in settled(s)
}

# The stages that settings are for.
settled(s) := from if {
	from := plan.sources_of_type(s, "stageName", stage_type)
	count(from) > 0
}

settled(s) := {urn |
	some api in apis(s, "restApi")
	some urn in stages_of(api, plan.get(s, "stageName"))
} if {
	count(plan.sources_of_type(s, "stageName", stage_type)) == 0
}

# METADATA
# description: Tells whether settings are for every method of a stage.
every_method(s) if plan.get(s, "methodPath") == "*/*"

# METADATA
# description: |
#   Tells whether a resource belongs to the component API, which authorises and
#   checks every route that it writes into a definition.
ours(r) if contains(r.urn, "tenantform:apigateway:API$")

# METADATA
# description: |
#   The OpenAPI definitions of REST APIs: the resource, the state ("ok", "opaque" or
#   "invalid") and the definition, which is empty unless the state is "ok".
documents := [object.union({"resource": r}, parsed(body)) |
	some type in [api_type, "aws:apigateway/restApiPut:RestApiPut"]
	some r in plan.of_type(type)
	body := plan.get(r, "body")
	not body in {null, ""}
]

# METADATA
# description: The same of HTTP APIs, which an Api may bring along as well.
http_documents := [object.union({"resource": r}, parsed(body)) |
	some r in plan.of_type(http_api_type)
	body := plan.get(r, "body")
	not body in {null, ""}
]

http_api_type := "aws:apigatewayv2/api:Api"

default parsed(_) := {"state": "invalid", "definition": {}}

parsed(body) := {"state": "opaque", "definition": {}} if plan.is_opaque(body)

parsed(body) := checked(json.unmarshal(body)) if {
	is_string(body)
	json.is_valid(body)
}

parsed(body) := checked(yaml.unmarshal(body)) if {
	is_string(body)
	not json.is_valid(body)
	yaml.is_valid(body)
}

default checked(_) := {"state": "invalid", "definition": {}}

checked(doc) := {"state": "ok", "definition": doc} if {
	is_object(doc)
	paths := object.get(doc, "paths", {})
	is_object(paths)
	every item in paths { is_object(item) }
	every item in paths {
		every method in methods { is_object(object.get(item, method, {})) }
	}
}

methods := {"get", "put", "post", "delete", "patch", "head", "options", "trace", "x-amazon-apigateway-any-method"}

# METADATA
# description: |
#   The operations of a definition, but for OPTIONS, which browsers send without
#   credentials before the request: the name, such as "GET /orders", and the operation.
operations(doc) := [{"name": concat(" ", [upper(trim_prefix(method, "x-amazon-apigateway-")), path]), "operation": operation} |
	some path, item in object.get(doc.definition, "paths", {})
	some method, operation in item
	method in methods - {"options"}
]
