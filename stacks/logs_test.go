package stacks_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/stacks"
)

// encrypts gives the patterns of log groups that the keys of a recording let
// CloudWatch Logs encrypt, by the key's ARN.
func encrypts(t *testing.T, r *componenttest.Recording) map[string][]string {
	t.Helper()
	patterns := map[string][]string{}
	for _, key := range r.OfType("aws:kms/key:Key") {
		arn := componenttest.ARN("aws:kms/key:Key", key.Name)
		for _, s := range componenttest.Statements(t, key.Inputs["policy"]) {
			for _, group := range s.Condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"] {
				_, name, _ := strings.Cut(group, ":log-group:")
				patterns[arn] = append(patterns[arn], strings.ReplaceAll(name, "/", ":"))
			}
		}
	}
	return patterns
}

// TestLogsAreEncryptedAndRequestsLogged: each log group has a key of its owner
// whose policy lets CloudWatch Logs use it for that group, and the requests to
// each bucket are logged into another.
func TestLogsAreEncryptedAndRequestsLogged(t *testing.T) {
	keys := map[string][]string{}
	shared := map[string][]string{} // by what the output of another stack is in others()
	for _, program := range []struct{ stack, key, output string }{{"pool", "pool-a-key-key", "arn:key"}, {"platform", "platform-functions-key-key", "arn:logs"}} {
		p := all(t)[program.stack]
		found := encrypts(t, componenttest.MustRun(t, p.stack, p.run, others()))
		shared[program.output] = found[componenttest.ARN("aws:kms/key:Key", program.key)]
	}
	programs := all(t)
	apart := tenant(siloed())
	apart.PlatformRegion = "eu-central-1"
	programs["silo apart"] = program{stack: "tenant-acme", run: stacks.Tenant(apart)}
	programs["guardrails"] = program{stack: "guardrails", run: stacks.Guardrails(railsSpec())}
	for name, p := range programs {
		r := componenttest.MustRun(t, p.stack, p.run, others())
		for arn, groups := range encrypts(t, r) {
			keys[arn] = groups
		}
		for arn, groups := range shared {
			keys[arn] = groups
		}
		for _, group := range r.OfType("aws:cloudwatch/logGroup:LogGroup") {
			key, _ := group.Inputs["kmsKeyId"].(string)
			called := strings.ReplaceAll(group.Inputs["name"].(string), "/", ":") // "*" stands for "/" too
			if !slices.ContainsFunc(keys[key], func(pattern string) bool {
				fits, err := path.Match(pattern, called)
				return err == nil && fits
			}) {
				t.Errorf("%s: %s, called %s, has the key %q, which is for %v", name, group.Name, called, key, keys[key])
			}
		}
		logged := map[any]bool{}
		for _, l := range r.OfType("aws:s3/bucketLoggingV2:BucketLoggingV2") {
			logged[l.Inputs["bucket"]] = true
		}
		for _, b := range r.OfType("aws:s3/bucketV2:BucketV2") {
			if isLogs := strings.Contains(b.Inputs["bucket"].(string), "-logs-"); logged[componenttest.ID(b.Name)] == isLogs {
				t.Errorf("%s: that requests to %s are logged is %v", name, b.Inputs["bucket"], !isLogs)
			}
		}
	}
}
