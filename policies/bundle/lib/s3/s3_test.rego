package tenantform.lib.s3_test

import data.tenantform.lib.s3

unknown := {"$unknown": true}

bucket(name, inputs) := {"urn": name, "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": inputs}

setting(inputs, from) := {
	"urn": "s", "type": "aws:s3/bucketLoggingV2:BucketLoggingV2", "operation": "create",
	"inputs": inputs, "propertyDependencies": from,
}

of(resources, r) := out if {
	out := s3.of(r, "bucket") with input as {"plan": {"resources": array.concat(resources, [r])}}
}

two := [bucket("a", {"bucket": "files"}), object.union(bucket("b", {"bucket": unknown}), {"id": "logs", "type": "aws:s3/bucket:Bucket"})]

test_of if {
	of(two, setting({"bucket": "files"}, {})) == {"a"}
	of(two, setting({"bucket": "logs"}, {})) == {"b"}
	of(two, setting({"bucket": unknown}, {"bucket": ["a"]})) == {"a"}
	of(two, setting({"bucket": "logs"}, {"bucket": ["a"]})) == {"b"}
	of(two, setting({"bucket": "else"}, {"bucket": ["a", "stack"]})) == {"a"}
	of(two, setting({"bucket": unknown}, {"bucket": ["a", "b"]})) == set()
	of(two, setting({"bucket": unknown}, {})) == set()
	of(two, setting({"bucket": ""}, {})) == set()
	of(two, setting({}, {})) == set()
	of(two, setting({"bucket": 1}, {})) == set()
}

test_having if {
	s3.having("logging") == {"a"} with input as {"plan": {"resources": array.concat(two, [setting({"bucket": "files"}, {})])}}
	s3.having("logging") == set() with input as {"plan": {"resources": two}}
}

targets(resources) := out if {
	out := s3.log_targets with input as {"plan": {"resources": array.concat(two, resources)}}
}

denial := json.marshal({"Statement": [{"Effect": "Deny", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "*"}]})

document(principal) := json.marshal({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:PutObject", "Resource": "*"}]})

test_log_targets if {
	targets([]) == set()
	targets([setting({"bucket": "files", "targetBucket": "logs"}, {})]) == {"b"}
	targets([setting({"bucket": unknown, "targetBucket": unknown}, {"bucket": ["a"], "targetBucket": ["b"]})]) == {"b"}
	targets([setting({"bucket": "files", "targetBucket": "files"}, {})]) == set()
	targets([bucket("c", {"loggings": [{"targetBucket": "files"}]})]) == {"a"}
	targets([bucket("c", {"bucket": "own", "loggings": [{"targetBucket": "own"}]})]) == set()
	targets([bucket("c", {"loggings": unknown})]) == set()
	targets([bucket("c", {"policy": document({"Service": "logging.s3.amazonaws.com"})})]) == {"c"}
	targets([bucket("c", {"policy": document({"Service": "sns.amazonaws.com"})})]) == set()
	targets([bucket("c", {"policy": denial})]) == set()
	targets([bucket("c", {"policy": unknown})]) == set()
}

test_policies if {
	apart := {
		"urn": "p", "type": "aws:s3/bucketPolicy:BucketPolicy", "operation": "create",
		"inputs": {"bucket": unknown, "policy": document("*")}, "propertyDependencies": {"bucket": ["a"]},
	}
	within := bucket("c", {"policy": document("*")})
	found := {[d.urn, urns] | some [d, urns] in s3.policies} with input as {"plan": {"resources": array.concat(two, [apart, within])}}
	found == {["p", {"a"}], ["c", {"c"}]}
}

test_settings_of_every_name if {
	count(s3.setting_types) == 6
	every what, types in s3.setting_types {
		every type in types {
			resources := array.concat(two, [object.union(setting({"bucket": "files"}, {}), {"type": type})])
			s3.having(what) == {"a"} with input as {"plan": {"resources": resources}}
			count(s3.settings(what)) == 1 with input as {"plan": {"resources": resources}}
		}
	}
}
