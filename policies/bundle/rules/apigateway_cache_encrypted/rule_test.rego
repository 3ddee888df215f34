package tenantform.rules.apigateway_cache_encrypted_test

import data.tenantform.rules.apigateway_cache_encrypted as rule

unknown := {"$unknown": true}

found(settings) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:apigateway/methodSettings:MethodSettings", "operation": "same", "inputs": {"settings": settings},
	}]}}
}

test_cache if {
	every v in [null, {}, {"cachingEnabled": false}, {"cachingEnabled": null}] { found(v) == set() }
	every v in [true, "true", unknown] {
		found({"cachingEnabled": v, "cacheDataEncrypted": true}) == set()
		every e in [false, null, "true"] { found({"cachingEnabled": v, "cacheDataEncrypted": e}) == {false} }
		every e in [unknown, {"$secret": true}] { found({"cachingEnabled": v, "cacheDataEncrypted": e}) == {true} }
	}
	found(unknown) == {true}
}
