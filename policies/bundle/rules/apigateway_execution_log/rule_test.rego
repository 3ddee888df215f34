package tenantform.rules.apigateway_execution_log_test

import data.tenantform.rules.apigateway_execution_log as rule

unknown := {"$unknown": true}

stage := {"urn": "stage", "type": "aws:apigateway/stage:Stage", "operation": "same", "inputs": {"restApi": "abc", "stageName": "live"}}

of(path, level) := {
	"urn": concat(" ", ["settings of", path]), "type": "aws:apigateway/methodSettings:MethodSettings", "operation": "same",
	"inputs": {"restApi": "abc", "stageName": "live", "methodPath": path, "settings": {"loggingLevel": level}},
}

found(resources) := out if {
	out := {[f.urn, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

test_all if {
	every level in ["ERROR", "INFO"] { found([stage, of("*/*", level)]) == set() }
	every level in ["OFF", null, "", "error", 1] { found([stage, of("*/*", level)]) == {["settings of */*", false]} }
	every level in [unknown, {"$secret": true}] { found([stage, of("*/*", level)]) == {["settings of */*", true]} }
}

test_stage_without if {
	found([stage]) == {["stage", false]}
	found([stage, of("a/GET", "INFO")]) == {["stage", false]}
	found([object.union(stage, {"inputs": {"stageName": unknown}}), of("*/*", "INFO")]) == {["stage", false]}
	found([object.union(stage, {"inputs": {"stageName": "next"}}), of("*/*", "INFO")]) == {["stage", false]}
}

test_one_method if {
	found([stage, of("*/*", "INFO"), of("a/GET", null)]) == set()
	found([stage, of("*/*", "INFO"), of("a/GET", "OFF")]) == {["settings of a/GET", false]}
	found([stage, of("*/*", "INFO"), of("a/GET", unknown)]) == {["settings of a/GET", true]}
}

test_wrong if {
	wrong := object.union(of("*/*", "INFO"), {"inputs": {"settings": unknown}})
	found([wrong]) == {["settings of */*", true]}
	nowhere := object.union(of("*/*", null), {"inputs": {"methodPath": unknown}})
	found([nowhere]) == {["settings of */*", false]}
}
