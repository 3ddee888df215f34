package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/examples/blueprints/blueprinttest"
	"github.com/tenantform/tenantform/policies"
)

func TestUp(t *testing.T) {
	e, cloud := blueprinttest.Engine(t, "eu-west-1")
	code, err := filepath.Abs("code")
	if err != nil {
		t.Fatal(err)
	}
	s := automation.Stack{Name: "scaling", Program: program(code), Subject: policies.Subject{TenantID: "acme", Environment: "dev", Region: "eu-west-1", Account: "111111111111", Tiers: []string{"premium"}}}
	first := blueprinttest.Up(t, e, s)
	arn, _ := first.Outputs["invokeArn"].(string)
	if !strings.Contains(arn, ":function:acme-orders:live/") {
		t.Errorf("callers invoke %q, want the alias", arn)
	}
	all, err := cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]map[string]any{}
	for _, r := range all {
		made[r.Type] = r.Inputs
	}
	target := made["aws:appautoscaling/target:Target"]
	if target["resourceId"] != "function:acme-orders:live" || target["minCapacity"] != 2.0 || target["maxCapacity"] != 20.0 {
		t.Errorf("what is scaled is %v", target)
	}
	for _, token := range []string{"aws:lambda/alias:Alias", "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", "aws:appautoscaling/policy:Policy", "aws:dynamodb/table:Table"} {
		if made[token] == nil {
			t.Errorf("there is no %s", token)
		}
	}
	blueprinttest.Settled(t, e, s)
	blueprinttest.Down(t, e, cloud, s)
}

// fakeAWS stands in for AWS's libraries: a table that refuses what it has.
const fakeAWS = `
import sys, types
class ClientError(Exception):
    response = {"Error": {"Code": "ConditionalCheckFailedException"}}
exceptions = types.ModuleType("botocore.exceptions")
exceptions.ClientError = ClientError
sys.modules["botocore"] = types.ModuleType("botocore")
sys.modules["botocore.exceptions"] = exceptions
class Table:
    def __init__(self, name): self.items = {}
    def put_item(self, Item, ConditionExpression):
        if Item["id"] in self.items: raise ClientError()
        self.items[Item["id"]] = Item
class DynamoDB:
    Table = Table
def resource(service): return DynamoDB
`

// TestCode sends an order twice, as AWS may.
func TestCode(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 on this machine to run the function with")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "boto3.py"), []byte(fakeAWS), 0o600); err != nil {
		t.Fatal(err)
	}
	const run = "import json; from index import handler; print(json.dumps([handler({'orderId': 'o-1'}, None)['taken'] for _ in range(2)]))"
	cmd := exec.Command(python, "-B", "-c", run)
	cmd.Dir = "code"
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir, "IDEMPOTENCY_TABLE=acme-orders-idempotency")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var taken []bool
	if err := json.Unmarshal(out, &taken); err != nil || len(taken) != 2 || !taken[0] || taken[1] {
		t.Errorf("an order that is sent twice is taken %v, %v", taken, err)
	}
}
