package iamgrammar_test

import (
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/blueprints/iamgrammar"
)

func wrap(statement string) string { return `{"Version":"2012-10-17","Statement":[` + statement + `]}` }

func TestRight(t *testing.T) {
	for name, c := range map[string]struct {
		kind      iamgrammar.Kind
		statement string
	}{
		"objects":   {iamgrammar.Identity, `{"Sid":"A","Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::files/imports/*"}`},
		"bucket":    {iamgrammar.Identity, `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::files","Condition":{"StringLike":{"s3:prefix":"acme/*"}}}`},
		"log":       {iamgrammar.Identity, `{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/a:*"}`},
		"traces":    {iamgrammar.Identity, `{"Effect":"Allow","Action":"xray:PutTraceSegments","Resource":"*"}`},
		"deny all":  {iamgrammar.Identity, `{"Effect":"Deny","NotAction":["logs:PutLogEvents"],"Resource":"*"}`},
		"wild deny": {iamgrammar.Identity, `{"Effect":"Deny","Action":["ec2:*","dynamodb:Get*"],"Resource":"*"}`},
		"items": {iamgrammar.Identity, `{"Effect":"Allow","Action":"dynamodb:Query","Resource":["arn:aws:dynamodb:eu-west-1:111111111111:table/a/index/b"],
			"Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["acme"]},"Null":{"dynamodb:LeadingKeys":"false"}}}`},
		"boundary": {iamgrammar.Boundary, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`},
		"trust": {iamgrammar.Trust, `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/runtime"},"Action":["sts:AssumeRole","sts:TagSession"],
			"Condition":{"StringEquals":{"sts:ExternalId":"x","aws:RequestTag/TenantID":"acme"}}}`},
		"TLS only": {iamgrammar.Resource, `{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"arn:aws-cn:sqs:cn-north-1:111111111111:a","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`},
		"key": {iamgrammar.Key, `{"Effect":"Allow","Principal":{"Service":["logs.eu-west-1.amazonaws.com"]},"Action":"kms:Decrypt","Resource":"*",
			"Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:eu-west-1:111111111111:log-group:a/*"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, problem := range iamgrammar.Check(c.kind, wrap(c.statement)) {
				t.Error(problem)
			}
		})
	}
}

func TestWrong(t *testing.T) {
	const object = `"Resource":"arn:aws:s3:::files/a"`
	for name, c := range map[string]struct {
		kind      iamgrammar.Kind
		statement string
		says      string
	}{
		"action misspelt":    {iamgrammar.Identity, `{"Effect":"Allow","Action":"s3:PutObjekt",` + object + `}`, "no action s3:PutObjekt"},
		"operation's name":   {iamgrammar.Identity, `{"Effect":"Allow","Action":"s3:HeadObject",` + object + `}`, "no action s3:HeadObject"},
		"service misspelt":   {iamgrammar.Identity, `{"Effect":"Allow","Action":"s4:PutObject",` + object + `}`, `no service "s4"`},
		"pattern of nothing": {iamgrammar.Identity, `{"Effect":"Deny","Action":"s3:Putt*","Resource":"*"}`, "no action s3:Putt*"},
		"no action at all":   {iamgrammar.Identity, `{"Effect":"Allow","Action":"PutObject",` + object + `}`, "service:Action"},
		"both actions":       {iamgrammar.Identity, `{"Effect":"Deny","Action":"s3:*","NotAction":"s3:GetObject","Resource":"*"}`, "one of Action and NotAction"},
		"object's action on a bucket": {iamgrammar.Identity, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::files"}`,
			"s3:GetObject takes s3 object"},
		"bucket's action on an object": {iamgrammar.Identity, `{"Effect":"Allow","Action":"s3:ListBucket",` + object + `}`, "s3:ListBucket takes s3 bucket"},
		"wider than needed":            {iamgrammar.Identity, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`, "is allowed on *"},
		"wild action":                  {iamgrammar.Identity, `{"Effect":"Allow","Action":"s3:*",` + object + `}`, "nobody has named"},
		"narrower than possible":       {iamgrammar.Identity, `{"Effect":"Allow","Action":"xray:PutTraceSegments",` + object + `}`, "takes no resource but *"},
		"action without a row":         {iamgrammar.Identity, `{"Effect":"Allow","Action":"s3:CreateBucket","Resource":"arn:aws:s3:::files"}`, "no row for s3:CreateBucket"},
		"ARN without its account": {iamgrammar.Identity, `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-west-1::a"}`,
			"form of no resource"},
		"ARN of another form": {iamgrammar.Identity, `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:eu-west-1:111111111111:a"}`,
			"form of no resource"},
		"no resource":      {iamgrammar.Identity, `{"Effect":"Allow","Action":"s3:GetObject"}`, "one of Resource and NotResource"},
		"identity's owner": {iamgrammar.Identity, `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",` + object + `}`, "names no principal"},
		"trusted nobody":   {iamgrammar.Trust, `{"Effect":"Allow","Action":"sts:AssumeRole"}`, "one of Principal"},
		"trusted resource": {iamgrammar.Trust, `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}`, "names no resource"},
		"principal's form": {iamgrammar.Trust, `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/a"},"Action":"sts:AssumeRole"}`, "no principal of the kind AWS"},
		"service's form":   {iamgrammar.Trust, `{"Effect":"Allow","Principal":{"Service":"lambda"},"Action":"sts:AssumeRole"}`, "no principal of the kind Service"},
		"principal's kind": {iamgrammar.Trust, `{"Effect":"Allow","Principal":{"Aws":"111111111111"},"Action":"sts:AssumeRole"}`, "kind Aws"},
		"effect":           {iamgrammar.Identity, `{"Effect":"allow","Action":"s3:GetObject",` + object + `}`, `the effect is "allow"`},
		"element":          {iamgrammar.Identity, `{"Effect":"Allow","Actions":["s3:GetObject"],` + object + `}`, `unknown field "Actions"`},
		"Sid":              {iamgrammar.Identity, `{"Sid":"a b","Effect":"Allow","Action":"s3:GetObject",` + object + `}`, "other characters"},
		"operator":         {iamgrammar.Identity, `{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEqual":{"aws:SourceVpc":"a"}}}`, `operator "StringEqual"`},
		"condition key":    {iamgrammar.Identity, `{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransprot":"false"}}}`, "no condition key"},
		"truth":            {iamgrammar.Identity, `{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"no"}}}`, `"no" is no value`},
		"number":           {iamgrammar.Identity, `{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"NumericLessThan":{"s3:TlsVersion":"x"}}}`, `"x" is no value`},
		"address":          {iamgrammar.Identity, `{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"host"}}}`, `"host" is no value`},
		"ARN compared":     {iamgrammar.Identity, `{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"a"}}}`, `"a" is no value`},
		"nothing to compare": {iamgrammar.Identity, `{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpc":[]}}}`,
			"has no value"},
	} {
		t.Run(name, func(t *testing.T) {
			found := strings.Join(iamgrammar.Check(c.kind, wrap(c.statement)), "\n")
			if !strings.Contains(found, c.says) {
				t.Errorf("it says %q, and not %q", found, c.says)
			}
		})
	}
}

func TestWrongDocuments(t *testing.T) {
	const same = `{"Sid":"A","Effect":"Deny","Action":"s3:*","Resource":"*"}`
	for document, says := range map[string]string{
		`[]`: "no policy document",
		`{"Version":"2008-10-17","Statement":[` + same + `]}`: "the version",
		`{"Version":"2012-10-17","Statement":[]}`:             "no statement",
		wrap(same) + `{}`:         "something follows",
		wrap(same + `,` + same):   "the same Sid",
		`{"Version":"2012-10-17"`: "no policy document",
	} {
		if found := strings.Join(iamgrammar.Check(iamgrammar.Identity, document), "\n"); !strings.Contains(found, says) {
			t.Errorf("%s: it says %q, and not %q", document, found, says)
		}
	}
}
