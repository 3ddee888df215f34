package blueprints

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/internal/blueprints/iamgrammar"
)

// Document is an IAM document that a component makes.
type Document struct {
	Resource componenttest.Resource
	Property string
	Kind     iamgrammar.Kind
	Text     string // with ARNs of AWS's form where the recorder stands in for AWS
}

// kinds are the properties that hold IAM documents.
func kinds() map[string]iamgrammar.Kind {
	return map[string]iamgrammar.Kind{
		"aws:iam/role:Role assumeRolePolicy":                                iamgrammar.Trust,
		"aws:iam/rolePolicy:RolePolicy policy":                              iamgrammar.Identity,
		"aws:iam/policy:Policy policy":                                      iamgrammar.Identity,
		"aws:organizations/policy:Policy content":                           iamgrammar.Control,
		"aws:s3/bucketPolicy:BucketPolicy policy":                           iamgrammar.Resource,
		"aws:sqs/queue:Queue policy":                                        iamgrammar.Resource,
		"aws:sqs/queuePolicy:QueuePolicy policy":                            iamgrammar.Resource,
		"aws:sns/topic:Topic policy":                                        iamgrammar.Resource,
		"aws:sns/topicPolicy:TopicPolicy policy":                            iamgrammar.Resource,
		"aws:ec2/vpcEndpoint:VpcEndpoint policy":                            iamgrammar.Resource,
		"aws:cloudwatch/eventBusPolicy:EventBusPolicy policy":               iamgrammar.Resource,
		"aws:cloudwatch/logResourcePolicy:LogResourcePolicy policyDocument": iamgrammar.Resource,
		"aws:apigateway/restApi:RestApi policy":                             iamgrammar.Resource,
		"aws:kms/key:Key policy":                                            iamgrammar.Key,
		"aws:oam/sinkPolicy:SinkPolicy policy":                              iamgrammar.Key,
	}
}

// Documents gives the IAM documents of all that a run registered. The error names
// a property that holds something like one and that nobody expects there.
func (r Run) Documents() ([]Document, error) {
	boundaries := map[any]bool{}
	for _, res := range r.Recording.Custom() {
		if b := res.Inputs["permissionsBoundary"]; b != nil {
			boundaries[b] = true
		}
	}
	var found []Document
	for _, res := range r.Recording.Custom() {
		for _, property := range slices.Sorted(maps.Keys(res.Inputs)) {
			text, _ := res.Inputs[property].(string)
			if !isDocument(text) {
				continue
			}
			kind, ok := kinds()[res.Type+" "+property]
			if !ok {
				return nil, fmt.Errorf("%s of %s %s is an IAM document, and its kind is not known", property, res.Type, res.Name)
			}
			if boundaries[componenttest.ARN(res.Type, res.Name)] {
				kind = iamgrammar.Boundary
			}
			text, err := asOfAWS(text)
			if err != nil {
				return nil, fmt.Errorf("%s of %s %s: %w", property, res.Type, res.Name, err)
			}
			found = append(found, Document{Resource: res, Property: property, Kind: kind, Text: text})
		}
	}
	return found, nil
}

func isDocument(text string) bool {
	var doc struct{ Statement []json.RawMessage }
	return json.Unmarshal([]byte(text), &doc) == nil && len(doc.Statement) > 0
}

// asOfAWS puts ARNs of AWS's form in the place of those that the recorder made up.
func asOfAWS(text string) (string, error) {
	at := NewSite(location.Dev, "").Location
	var unknown error
	known := madeUp.ReplaceAllStringFunc(text, func(arn string) string {
		m := madeUp.FindStringSubmatch(arn)
		switch m[1] {
		case "aws:kms/key:Key":
			return at.ARN("kms", "key/11111111-2222-3333-4444-555555555555")
		case "aws:iam/role:Role":
			return at.RoleARN(m[2])
		case "aws:s3/bucketV2:BucketV2":
			return at.BucketARN(m[2])
		case "aws:cloudwatch/logGroup:LogGroup":
			return at.LogGroupARN(m[2])
		case "aws:dynamodb/table:Table":
			return at.ARN("dynamodb", "table/"+m[2])
		case "aws:sns/topic:Topic", "aws:sqs/queue:Queue":
			return at.ARN(Short(m[1])[:3], m[2])
		case "aws:lambda/function:Function":
			return at.ARN("lambda", "function:"+m[2])
		case "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream":
			return at.ARN("firehose", "deliverystream/"+m[2])
		case "aws:signer/signingProfile:SigningProfile":
			return at.ARN("signer", "/signing-profiles/"+m[2])
		}
		unknown = fmt.Errorf("%s stands for an ARN whose form is not known", arn)
		return arn
	})
	return known, unknown
}

var madeUp = regexp.MustCompile(`arn:recorded:(aws:\w+/\w+:\w+):([A-Za-z0-9_-]+)`)
