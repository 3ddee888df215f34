package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRun(t *testing.T) {
	botocore, moto := t.TempDir(), t.TempDir()
	write(t, botocore, "__init__.py", "__version__ = '1.2.3'\n")
	write(t, botocore, "data/sqs/2012-11-05/service-2.json", `{"operations":{"SendMessage":{},"ListQueues":{}}}`)
	write(t, botocore, "data/s3/2006-03-01/service-2.json", `{"operations":{"HeadObject":{}}}`)
	write(t, moto, "iam/aws_managed_policies.py", `data = """{"A":{"CreateDate":"2026-01-02T03:04:05","Document":{"Statement":
		{"Action":["s3:GetObject","s3:List*","other:Do","*"],"Condition":{"StringEquals":{"aws:ResourceTag/a":"b","s3:prefix":["c"],"other:key":"d"}}}}},
		"B":{"CreateDate":"2025-01-02T03:04:05","Document":{"Statement":[{"NotAction":"sqs:DeleteQueue"}]}}}"""`)
	out := filepath.Join(t.TempDir(), "v.json")
	if err := run(botocore, moto, out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"from": "AWS's 2 managed policies as of 2026-01-02, and the API models of botocore 1.2.3"`,
		`"s3": ["GetObject"]`, `"sqs": ["DeleteQueue","ListQueues","SendMessage"]`, `"conditionKeys": ["aws:ResourceTag","s3:prefix"]`, `"xray": []`, `"other": []`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
}
