package localcloud

import (
	"fmt"
	"strings"
	"testing"
)

func TestGuardrails(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	scp := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}`
	trail := object{"name": "all-calls", "s3BucketName": "logs"}
	policy := func(name string) object { return object{"name": name, "content": scp} }
	ids := e.attempts([]attempt{
		{"organizations.Policy", object{"name": "p", "content": anyPolicy[:len(anyPolicy)-4] + `,"Principal":"*"}]}`}, "MalformedPolicyDocumentException"},
		{"organizations.Policy", object{"name": "p", "content": strings.Replace(scp, "Leave", strings.Repeat("x", 5200), 1)}, "exceeds the maximum size of 5120"},
		{"organizations.Policy", policy("p"), ""},
		{"organizations.Policy", policy("p"), "DuplicatePolicyException"},
		{"organizations.PolicyAttachment", object{"policyId": "p-00000000", "targetId": "ou-ab12-12345678"}, "can't find a policy"},
		{"s3.BucketV2", object{"bucket": "logs"}, ""},
		{"iam.Role", object{"name": "config", "assumeRolePolicy": trust}, ""},
		{"cfg.DeliveryChannel", object{"name": "d", "s3BucketName": "logs"}, "Configuration recorder is not available"},
		{"cfg.Rule", object{"name": "r", "source": object{"owner": "AWS", "sourceIdentifier": "ROOT_ACCOUNT_MFA_ENABLED"}}, "Configuration recorder is not available"},
		{"cfg.RecorderStatus", object{"name": "default", "isEnabled": true}, "Cannot find configuration recorder"},
		{"cfg.Recorder", object{"name": "default", "roleArn": "arn:aws:iam::111111111111:role/none"}, "InvalidRoleException"},
		{"cfg.Recorder", object{"name": "default", "roleArn": "arn:aws:iam::111111111111:role/config", "recordingGroup": object{"resourceTypes": []any{"AWS::S3::Bucket"}}}, "InvalidRecordingGroupException"},
		{"cfg.Recorder", object{"name": "default", "roleArn": "arn:aws:iam::111111111111:role/config"}, ""},
		{"cfg.Recorder", object{"name": "other", "roleArn": "arn:aws:iam::111111111111:role/config"}, "the maximum number of configuration recorders: 1 is reached"},
		{"cfg.RecorderStatus", object{"name": "default", "isEnabled": true}, "Delivery channel is not available"},
		{"cfg.DeliveryChannel", object{"name": "d", "s3BucketName": "none"}, "NoSuchBucketException"},
		{"cfg.DeliveryChannel", object{"name": "d", "s3BucketName": "logs"}, ""},
		{"cfg.RecorderStatus", object{"name": "default", "isEnabled": true}, ""},
		{"cfg.Rule", object{"name": "r", "source": object{"owner": "AWS", "sourceIdentifier": "ROOT_ACCOUNT_MFA_ENABLED"}}, ""},
		{"cfg.ConformancePack", object{"name": "base"}, "Template body or template S3 URI"},
		{"cfg.ConformancePack", object{"name": "base", "templateBody": "Resources:\n"}, ""},
		{"cfg.ConfigurationAggregator", object{"name": "a"}, "one aggregation source"},
		{"cfg.ConfigurationAggregator", object{"name": "a", "accountAggregationSource": object{"accountIds": []any{"222222222222"}, "allRegions": true}}, ""},
		{"cloudtrail.Trail", object{"name": "all-calls", "s3BucketName": "none"}, "S3 bucket none does not exist!"},
		{"cloudtrail.Trail", trail, "InsufficientS3BucketPolicyException"},
		{"s3.BucketPolicy", object{"bucket": "logs", "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"*"}]}`}, ""},
		{"cloudtrail.Trail", object{"name": "all-calls", "s3BucketName": "logs", "cloudWatchLogsRoleArn": "arn:aws:iam::111111111111:role/config"}, "You must specify both"},
		{"cloudtrail.Trail", trail, ""},
		{"cloudtrail.Trail", trail, "Trail all-calls already exists for customer: 111111111111"},
	})
	attached := object{"policyId": ids[0], "targetId": "ou-ab12-12345678"}
	list := []attempt{
		{"organizations.PolicyAttachment", attached, ""},
		{"organizations.PolicyAttachment", attached, "DuplicatePolicyAttachmentException"},
	}
	for i := range 3 {
		id, _ := e.must("organizations.Policy", policy(fmt.Sprint("more", i)))
		list = append(list, attempt{"organizations.PolicyAttachment", object{"policyId": id, "targetId": "ou-ab12-12345678"}, ""})
	}
	list = append(list, attempt{"organizations.PolicyAttachment", object{"policyId": "p-FullAWSAccess", "targetId": "ou-ab12-12345678"}, "maximum number of policies"})
	e.attempts(list)
	refused(t, e.delete("organizations.Policy", ids[0], policy("p")), "PolicyInUseException")
	channel := object{"name": "d", "s3BucketName": "logs"}
	refused(t, e.delete("cfg.DeliveryChannel", "d", channel), "because there is a running configuration recorder")
	if err := e.delete("cfg.RecorderStatus", "default", nil); err != nil {
		t.Error(err)
	}
	if err := e.delete("cfg.DeliveryChannel", "d", channel); err != nil {
		t.Error(err)
	}
}

func TestClusters(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	vpc, _ := e.must("ec2.Vpc", object{"cidrBlock": "10.0.0.0/16"})
	group, _ := e.must("ec2.SecurityGroup", object{"vpcId": vpc, "name": "g"})
	subnet := func(i int, zone string) string {
		id, _ := e.must("ec2.Subnet", object{"vpcId": vpc, "cidrBlock": fmt.Sprintf("10.0.%d.0/24", i), "availabilityZone": testRegion + zone})
		return id
	}
	a, b, second := subnet(1, "a"), subnet(2, "b"), subnet(3, "a")
	cluster := func(more object) object {
		in := object{"clusterIdentifier": "acme", "engine": "aurora-postgresql", "masterUsername": "root", "manageMasterUserPassword": true, "dbSubnetGroupName": "acme",
			"vpcSecurityGroupIds": []any{group}, "dbClusterParameterGroupName": "acme", "deletionProtection": true}
		for k, v := range more {
			in[k] = v
		}
		return in
	}
	instance := object{"identifier": "acme-1", "clusterIdentifier": "acme", "engine": "aurora-postgresql", "instanceClass": "db.serverless"}
	serverless := object{"serverlessv2ScalingConfiguration": object{"minCapacity": 0.5, "maxCapacity": 4}}
	ids := e.attempts([]attempt{
		{"rds.SubnetGroup", object{"name": "acme", "subnetIds": []any{a, second}}, "DBSubnetGroupDoesNotCoverEnoughAZs"},
		{"rds.SubnetGroup", object{"name": "acme", "subnetIds": []any{a, "subnet-0"}}, "Subnet IDs: subnet-0 do not exist"},
		{"rds.SubnetGroup", object{"name": "acme", "subnetIds": []any{a, b}}, ""},
		{"rds.SubnetGroup", object{"name": "acme", "subnetIds": []any{a, b}}, "already exists"},
		{"rds.Cluster", cluster(nil), "DBClusterParameterGroup not found: acme"},
		{"rds.ClusterParameterGroup", object{"name": "acme", "family": "aurora-postgresql16"}, ""},
		{"rds.Cluster", cluster(object{"masterPassword": "secretsecret"}), "can't specify MasterUserPassword"},
		{"rds.Cluster", cluster(object{"manageMasterUserPassword": false}), "MasterUserPassword must be provided"},
		{"rds.Cluster", cluster(object{"masterUsername": ""}), "MasterUsername must be provided"},
		{"rds.Cluster", cluster(object{"vpcSecurityGroupIds": []any{"sg-0"}}), "Invalid security group"},
		{"rds.ClusterInstance", instance, "DBCluster acme not found."},
		{"rds.Cluster", cluster(nil), ""},
		{"rds.Cluster", cluster(nil), "DB Cluster already exists"},
		{"rds.ClusterInstance", instance, "Set the Serverless v2 scaling configuration"},
		{"rds.ClusterInstance", object{"identifier": "acme-1", "clusterIdentifier": "acme", "engine": "aurora-mysql", "instanceClass": "db.r6g.large"}, "doesn't match the engine name"},
	})
	if ids[2] != "acme" {
		t.Fatalf("the ids are %v", ids)
	}
	state, err := e.update("rds.Cluster", "acme", cluster(nil), cluster(serverless))
	if err != nil {
		t.Fatal(err)
	}
	secrets, _ := state["masterUserSecrets"].([]any)
	if len(secrets) != 1 || state["port"] != 5432.0 || !strings.HasPrefix(textOf(state["endpoint"]), "acme.cluster-") || !strings.HasPrefix(textOf(state["readerEndpoint"]), "acme.cluster-ro-") {
		t.Errorf("the cluster is %v", state)
	}
	e.attempts([]attempt{
		{"rds.ClusterInstance", instance, ""},
		{"rds.ClusterInstance", instance, "DB instance already exists"},
		{"rds.ClusterInstance", object{"identifier": "acme-2", "clusterIdentifier": "acme", "engine": "aurora-postgresql", "instanceClass": "db.serverless"}, ""},
	})
	for id, writer := range map[string]bool{"acme-1": true, "acme-2": false} {
		rec, err := c.Get(testPlaceAccount, testRegion, "rds.ClusterInstance", id)
		if err != nil || rec.Computed["writer"] != writer || !strings.HasPrefix(textOf(rec.Computed["endpoint"]), id+".") {
			t.Errorf("%s is %v %v", id, rec, err)
		}
	}
	remove := func(kind, id, says string) {
		t.Helper()
		err := e.delete(kind, id, nil)
		if says != "" {
			refused(t, err, says)
		} else if err != nil {
			t.Error(err)
		}
	}
	remove("rds.Cluster", "acme", "Cannot delete protected Cluster")
	open := cluster(serverless)
	open["deletionProtection"] = false
	if _, err := e.update("rds.Cluster", "acme", cluster(serverless), open); err != nil {
		t.Fatal(err)
	}
	remove("rds.Cluster", "acme", "still contains DB instances")
	remove("ec2.SecurityGroup", group, "has a dependent object")
	remove("rds.SubnetGroup", "acme", "still using it")
	remove("rds.ClusterParameterGroup", "acme", "still members of this parameter group")
	remove("rds.ClusterInstance", "acme-1", "")
	remove("rds.ClusterInstance", "acme-2", "")
	remove("rds.Cluster", "acme", "final_snapshot_identifier is required")
	last := cluster(serverless)
	last["deletionProtection"], last["finalSnapshotIdentifier"] = false, "acme-last"
	if _, err := e.update("rds.Cluster", "acme", open, last); err != nil {
		t.Fatal(err)
	}
	for _, d := range [][2]string{{"rds.Cluster", "acme"}, {"rds.SubnetGroup", "acme"}, {"rds.ClusterParameterGroup", "acme"}, {"ec2.SecurityGroup", group}} {
		remove(d[0], d[1], "")
	}
}

func TestSystems(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	_, subnet, group := e.world()
	machine := object{"ami": "ami-12345678", "instanceType": "t4g.nano", "subnetId": subnet, "vpcSecurityGroupIds": []any{group}, "iamInstanceProfile": "p", "disableApiTermination": true}
	pool := object{"name": "plain"}
	watched, _ := e.must("cognito.UserPool", object{"name": "watched", "userPoolTier": "PLUS", "userPoolAddOns": object{"advancedSecurityMode": "ENFORCED"}})
	plain, _ := e.must("cognito.UserPool", pool)
	risk := func(pool string) object {
		return object{"userPoolId": pool, "compromisedCredentialsRiskConfiguration": object{"actions": object{"eventAction": "BLOCK"}}}
	}
	document := object{"name": "restart", "documentType": "Command", "content": `{"schemaVersion":"2.2","mainSteps":[]}`}
	ids := e.attempts([]attempt{
		{"ec2.Instance", machine, "Invalid IAM Instance Profile name"},
		{"iam.InstanceProfile", object{"name": "p", "role": "r"}, ""},
		{"ec2.Instance", object{"instanceType": "t4g.nano"}, "must contain the parameter ImageId"},
		{"ec2.Instance", machine, ""},
		{"ec2.LaunchTemplate", object{"name": "box", "imageId": "ami-12345678"}, ""},
		{"ec2.LaunchTemplate", object{"name": "box", "imageId": "ami-12345678"}, "Launch template name already in use."},
		{"ssm.Document", object{"name": "restart", "documentType": "Command", "content": "{"}, "JSON not well-formed"},
		{"ssm.Document", document, ""},
		{"ssm.Document", document, "DocumentAlreadyExists"},
		{"ssm.Parameter", object{"name": "/acme/url", "type": "String", "value": strings.Repeat("x", 4097)}, "maximum parameter value of 4096"},
		{"ssm.Parameter", object{"name": "/acme/url", "type": "String", "value": "x", "keyId": "alias/aws/ssm"}, "SecureString type parameter only"},
		{"ssm.Parameter", object{"name": "/acme/url", "type": "String", "value": "x"}, ""},
		{"ssm.Parameter", object{"name": "/acme/url", "type": "String", "value": "x"}, "ParameterAlreadyExists"},
		{"iam.OpenIdConnectProvider", object{"url": "https://ci.example", "clientIdLists": []any{"sts.amazonaws.com"}}, ""},
		{"iam.OpenIdConnectProvider", object{"url": "https://ci.example", "clientIdLists": []any{"sts.amazonaws.com"}}, "already exists"},
		{"iam.ServiceLinkedRole", object{"awsServiceName": "config.amazonaws.com"}, ""},
		{"iam.ServiceLinkedRole", object{"awsServiceName": "config.amazonaws.com"}, "has been taken in this account"},
		{"cognito.RiskConfiguration", risk(plain), "Advanced security is not enabled"},
		{"cognito.RiskConfiguration", risk(watched), ""},
		{"wafv2.WebAclAssociation", object{"webAclArn": arnFor("wafv2", "regional/webacl/a/1"), "resourceArn": "arn:aws:apigateway:eu-west-1::/restapis/none/stages/v1"}, "WAFNonexistentItemException"},
		{"wafv2.WebAclAssociation", object{"webAclArn": arnFor("wafv2", "regional/webacl/a/1"), "resourceArn": arnFor("cognito-idp", "userpool/"+watched)}, ""},
	})
	for i, want := range []string{"p", "i-", "lt-", "restart", "/acme/url", "arn:aws:iam::111111111111:oidc-provider/ci.example",
		"arn:aws:iam::111111111111:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig", watched, arnFor("wafv2", "regional/webacl/a/1") + ","} {
		if !strings.HasPrefix(ids[i], want) {
			t.Errorf("the id %s does not begin with %s", ids[i], want)
		}
	}
	parameter, err := c.Get(testPlaceAccount, testRegion, "ssm.Parameter", "/acme/url")
	if err != nil || parameter.Computed["arn"] != arnFor("ssm", "parameter/acme/url") || parameter.Computed["version"] != 1.0 {
		t.Errorf("the parameter is %v %v", parameter, err)
	}
	next := object{"name": "restart", "documentType": "Command", "content": `{"schemaVersion":"2.2","mainSteps":[],"description":"x"}`}
	if state, err := e.update("ssm.Document", "restart", document, next); err != nil || state["latestVersion"] != "2" {
		t.Errorf("the document is %v %v", state, err)
	}
	refused(t, e.delete("ec2.Instance", ids[1], machine), "may not be terminated")
	refused(t, e.delete("ec2.Subnet", subnet, nil), "DependencyViolation")
}

func TestWaysOut(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	vpc, _ := e.must("ec2.Vpc", object{"cidrBlock": "10.0.0.0/16"})
	named, _ := e.must("ec2.Vpc", object{"cidrBlock": "10.1.0.0/16", "enableDnsHostnames": true})
	table, _ := e.must("ec2.RouteTable", object{"vpcId": vpc})
	subnet, _ := e.must("ec2.Subnet", object{"vpcId": vpc, "cidrBlock": "10.0.1.0/24", "availabilityZone": "eu-west-1a"})
	there, _ := e.must("ec2.Subnet", object{"vpcId": named, "cidrBlock": "10.1.1.0/24", "availabilityZone": "eu-west-1a"})
	twin, _ := e.must("ec2.Subnet", object{"vpcId": named, "cidrBlock": "10.1.2.0/24", "availabilityZone": "eu-west-1a"})
	address, _ := e.must("ec2.Eip", object{"domain": "vpc"})
	nat := object{"subnetId": subnet, "allocationId": address}
	endpoint := func(vpc string, more object) object {
		in := object{"vpcId": vpc, "serviceName": "com.amazonaws.eu-west-1.kms", "vpcEndpointType": "Interface", "privateDnsEnabled": true}
		for k, v := range more {
			in[k] = v
		}
		return in
	}
	gateway := object{"vpcId": vpc, "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{table}}
	ids := e.attempts([]attempt{
		{"ec2.NatGateway", nat, "has no Internet gateway attached"},
		{"ec2.NatGateway", object{"subnetId": subnet}, "must include the AllocationId"},
		{"ec2.InternetGateway", object{"vpcId": vpc}, ""},
		{"ec2.InternetGateway", object{"vpcId": vpc}, "is already attached to network"},
		{"ec2.NatGateway", nat, ""},
		{"ec2.VpcEndpoint", endpoint(vpc, nil), "requires both enableDnsSupport and enableDnsHostnames"},
		{"ec2.VpcEndpoint", endpoint(named, object{"subnetIds": []any{there, twin}}), "DuplicateSubnetsInSameZone"},
		{"ec2.VpcEndpoint", endpoint(named, object{"subnetIds": []any{there}}), ""},
		{"ec2.VpcEndpoint", endpoint(named, nil), "already a conflicting DNS domain"},
		{"ec2.VpcEndpoint", object{"vpcId": vpc, "serviceName": "com.amazonaws.eu-west-1.s3", "subnetIds": []any{subnet}}, "only for endpoints of type Interface"},
		{"ec2.VpcEndpoint", gateway, ""},
		{"ec2.VpcEndpoint", gateway, "RouteAlreadyExists"},
		{"sqs.Queue", object{"name": "q", "redrivePolicy": `{"deadLetterTargetArn":"` + arnFor("sqs", "dead") + `","maxReceiveCount":3}`}, "Dead letter target does not exist"},
		{"sqs.Queue", object{"name": "dead"}, ""},
		{"sqs.Queue", object{"name": "q", "redrivePolicy": `{"deadLetterTargetArn":"` + arnFor("sqs", "dead") + `","maxReceiveCount":3}`}, ""},
	})
	rec, err := c.Get(testPlaceAccount, testRegion, "ec2.VpcEndpoint", ids[2])
	if err != nil || len(rec.Computed["networkInterfaceIds"].([]any)) != 1 || len(rec.Computed["dnsEntries"].([]any)) != 2 {
		t.Errorf("the endpoint is %v %v", rec, err)
	}
	refused(t, e.delete("ec2.InternetGateway", ids[0], nil), "has some mapped public address(es)")
	refused(t, e.delete("ec2.Eip", address, nil), "is in use")
	for _, d := range [][2]string{{"ec2.NatGateway", ids[1]}, {"ec2.InternetGateway", ids[0]}, {"ec2.Eip", address}} {
		if err := e.delete(d[0], d[1], nil); err != nil {
			t.Error(err)
		}
	}
}
