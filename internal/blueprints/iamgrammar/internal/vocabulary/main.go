// Vocabulary writes the actions and condition keys that AWS itself uses: those
// that AWS's managed policies name, and the operations of its API models. It
// reads them from an installation of moto and botocore, which carry both:
//
//	go run ./internal/vocabulary -botocore <dir>/botocore -moto <dir>/moto -out vocabulary.json
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	botocore := flag.String("botocore", "", "directory of the Python package botocore")
	moto := flag.String("moto", "", "directory of the Python package moto")
	out := flag.String("out", "vocabulary.json", "the file to write")
	flag.Parse()
	if err := run(*botocore, *moto, *out); err != nil {
		fmt.Fprintln(os.Stderr, "vocabulary:", err)
		os.Exit(1)
	}
}

// services are the prefixes whose actions are kept. Of any other only the prefix
// is, which is enough for a document that speaks of the whole service.
func services() []string {
	return strings.Fields(`account apigateway application-autoscaling budgets ce cloudtrail cloudwatch cognito-idp config dynamodb ec2
		ec2messages events execute-api firehose guardduty health iam kinesis kms lambda logs oam organizations rds rds-data rds-db s3
		secretsmanager securityhub signer sns sqs ssm ssmmessages sso states sts tag wafv2 xray`)
}

// notActions are operations that are allowed by actions of other names, HeadObject
// by s3:GetObject for example; "*" stands for all of a service.
func notActions(service string) []string {
	switch service {
	case "apigateway", "execute-api", "s3":
		return []string{"*"}
	case "dynamodb":
		return []string{"BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction", "TransactGetItems", "TransactWriteItems"}
	case "lambda":
		return []string{"Invoke", "InvokeWithResponseStream"}
	}
	return nil
}

// list is one or several texts, as IAM has it.
type list []string

func (l *list) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

type statement struct {
	Action, NotAction list
	Condition         map[string]map[string]any
}

// statements are one or several.
type statements []statement

func (s *statements) UnmarshalJSON(data []byte) error {
	var one statement
	if json.Unmarshal(data, &one) == nil {
		*s = statements{one}
		return nil
	}
	return json.Unmarshal(data, (*[]statement)(s))
}

type vocabulary struct {
	actions map[string]map[string]bool
	keys    map[string]bool
}

func run(botocore, moto, out string) error {
	v := vocabulary{actions: map[string]map[string]bool{}, keys: map[string]bool{}}
	for _, s := range services() {
		v.actions[s] = map[string]bool{}
	}
	policies, err := v.managed(filepath.Join(moto, "iam", "aws_managed_policies.py"))
	if err != nil {
		return err
	}
	if err := v.operations(filepath.Join(botocore, "data")); err != nil {
		return err
	}
	version, err := versionOf(filepath.Join(botocore, "__init__.py"))
	if err != nil {
		return err
	}
	from := fmt.Sprintf("%s, and the API models of botocore %s", policies, version)
	return os.WriteFile(out, v.text(from), 0o644)
}

var versionLine = regexp.MustCompile(`(?m)^__version__ = ['"]([0-9.]+)['"]`)

func versionOf(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	m := versionLine.FindSubmatch(data)
	if m == nil {
		return "", fmt.Errorf("%s gives no version", file)
	}
	return string(m[1]), nil
}

// managed takes what AWS's managed policies name in full.
func (v vocabulary) managed(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	parts := bytes.Split(data, []byte(`"""`))
	if len(parts) != 3 {
		return "", fmt.Errorf("%s is not one text in three quotes", file)
	}
	var policies map[string]struct {
		CreateDate string
		Document   struct{ Statement statements }
	}
	if err := json.Unmarshal(parts[1], &policies); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	latest := ""
	for _, p := range policies {
		latest = max(latest, p.CreateDate)
		for _, s := range p.Document.Statement {
			for _, action := range slices.Concat(s.Action, s.NotAction) {
				v.action(action)
			}
			for _, keys := range s.Condition {
				for key := range keys {
					v.key(key)
				}
			}
		}
	}
	day, _, _ := strings.Cut(latest, "T")
	return fmt.Sprintf("AWS's %d managed policies as of %s", len(policies), day), nil
}

// action keeps an action that is named in full, or, of other services, the prefix.
func (v vocabulary) action(action string) {
	service, name, found := strings.Cut(action, ":")
	service = strings.ToLower(service)
	if !found || strings.ContainsAny(service, "*?") {
		return
	}
	if v.actions[service] == nil {
		v.actions[service] = map[string]bool{}
	}
	if slices.Contains(services(), service) && !strings.ContainsAny(name, "*?") {
		v.actions[service][name] = true
	}
}

// key keeps a condition key of a service whose actions are kept, without what follows a "/".
func (v vocabulary) key(key string) {
	service, name, _ := strings.Cut(key, ":")
	name, _, _ = strings.Cut(name, "/")
	if slices.Contains(services(), service) || service == "aws" {
		v.keys[service+":"+name] = true
	}
}

// operations takes the names of the operations of each service.
func (v vocabulary) operations(dir string) error {
	for _, service := range services() {
		models, err := filepath.Glob(filepath.Join(dir, service, "*", "service-2.json*"))
		if err != nil {
			return err
		}
		for _, name := range models {
			if err := v.model(service, name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func (v vocabulary) model(service, name string) (err error) {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var model struct{ Operations map[string]any }
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		err = json.NewDecoder(z).Decode(&model)
		if err != nil {
			return err
		}
	} else if err := json.NewDecoder(f).Decode(&model); err != nil {
		return err
	}
	not := notActions(service)
	for op := range model.Operations {
		if !slices.Contains(not, "*") && !slices.Contains(not, op) {
			v.actions[service][op] = true
		}
	}
	return nil
}

// text gives the vocabulary as JSON, a line for each service.
func (v vocabulary) text(from string) []byte {
	var b bytes.Buffer
	write := func(names map[string]bool) {
		b.WriteString("[")
		for i, name := range slices.Sorted(maps.Keys(names)) {
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, "%q", name)
		}
		b.WriteString("]")
	}
	fmt.Fprintf(&b, "{\n  %q: %q,\n  %q: {\n", "from", from, "actions")
	for i, service := range slices.Sorted(maps.Keys(v.actions)) {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "    %q: ", service)
		write(v.actions[service])
	}
	fmt.Fprintf(&b, "\n  },\n  %q: ", "conditionKeys")
	write(v.keys)
	b.WriteString("\n}\n")
	return b.Bytes()
}
