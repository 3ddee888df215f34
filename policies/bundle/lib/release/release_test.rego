package tenantform.lib.release_test

import data.tenantform.lib.release

resources := [
	{"urn": "silo", "type": "tenantform:silo:Silo", "name": "acme-silo", "operation": "same", "custom": false},
	{"urn": "table", "type": "t", "name": "table", "operation": "update", "custom": true, "parent": "silo"},
	{"urn": "nameless", "type": "c", "name": "", "operation": "same", "custom": false},
	{"urn": "other", "type": "t", "name": "other", "operation": "update", "custom": true},
]

covered(r) := out if {
	out := {u.urn | some u in resources; release.covers(u)} with input as {"subject": {"release": r}, "plan": {"resources": resources}}
}

test_release if {
	covered({"kind": "delete", "under": ""}) == {"silo", "table", "nameless", "other"}
	covered({"kind": "delete"}) == {"silo", "table", "nameless", "other"}
	every kind in ["delete", "move"] { covered({"kind": kind, "under": "acme-silo"}) == {"silo", "table"} }
	every r in [null, "delete", {}, {"kind": "move"}, {"kind": "move", "under": ""}, {"kind": "x", "under": "acme-silo"}, {"under": "acme-silo"}, {"kind": 1}] {
		covered(r) == set()
	}
}

test_no_release if {
	every u in resources {
		not release.covers(u) with input as {"subject": {}, "plan": {"resources": resources}}
	}
}
