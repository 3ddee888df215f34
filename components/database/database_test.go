package database_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/database"
	"github.com/tenantform/tenantform/components/location"
)

const (
	clusterType  = "aws:rds/cluster:Cluster"
	instanceType = "aws:rds/clusterInstance:ClusterInstance"
)

func args() *database.Args {
	return &database.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-orders", KeyARN: pulumi.String("arn:key"),
		Network: database.Network{
			VPCID: pulumi.String("vpc-1"), SubnetIDs: pulumi.ToStringArray([]string{"subnet-a", "subnet-b"}), EndpointSecurityGroupID: pulumi.String("sg-endpoints"),
		},
		Clients: []database.Client{{Name: "orders", SecurityGroupID: pulumi.String("sg-orders")}},
	}
}

func production() *database.Args {
	a := args()
	a.Location.Environment, a.Tags.Environment = location.Production, location.Production
	return a
}

func program(a *database.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := database.New(ctx, "orders", a)
		return err
	}
}

func TestClusterIsClosedAndEncrypted(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	componenttest.Check(t, r)
	got := r.One(t, clusterType).Inputs
	for key, want := range map[string]any{
		"clusterIdentifier": "acme-orders", "engine": "aurora-postgresql", "engineVersion": "17.7", "databaseName": "app", "port": 5432.0,
		"storageEncrypted": true, "kmsKeyId": "arn:key", "iamDatabaseAuthenticationEnabled": true,
		"manageMasterUserPassword": true, "masterUserSecretKmsKeyId": "arn:key", "masterUsername": "clusteradmin", "masterPassword": nil,
		"copyTagsToSnapshot": true, "dbSubnetGroupName": "acme-orders", "dbClusterParameterGroupName": "acme-orders-aurora-postgresql17",
	} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
	if logs := got["enabledCloudwatchLogsExports"].([]any); len(logs) != 1 || logs[0] != "postgresql" {
		t.Errorf("exported logs %v", logs)
	}
	if groups := got["vpcSecurityGroupIds"].([]any); len(groups) != 1 || groups[0] != "orders-database-id" {
		t.Errorf("security groups %v", groups)
	}
	for _, i := range r.OfType(instanceType) {
		for key, want := range map[string]any{
			"instanceClass": "db.serverless", "publiclyAccessible": false, "autoMinorVersionUpgrade": false, "engineVersion": "17.7",
			"performanceInsightsEnabled": true, "performanceInsightsKmsKeyId": "arn:key", "performanceInsightsRetentionPeriod": 7.0, "copyTagsToSnapshot": true,
		} {
			if i.Inputs[key] != want {
				t.Errorf("%s: %s is %v, want %v", i.Name, key, i.Inputs[key], want)
			}
		}
	}
	if subnets := r.One(t, "aws:rds/subnetGroup:SubnetGroup").Inputs["subnetIds"].([]any); len(subnets) != 2 {
		t.Errorf("subnets %v", subnets)
	}
}

func TestConnectionsUseTLS(t *testing.T) {
	group := componenttest.MustRun(t, "test", program(args()), nil).One(t, "aws:rds/clusterParameterGroup:ClusterParameterGroup").Inputs
	got := map[string]any{}
	for _, p := range group["parameters"].([]any) {
		got[p.(map[string]any)["name"].(string)] = p.(map[string]any)["value"]
	}
	if want := map[string]any{"rds.force_ssl": "1", "log_connections": "1", "log_disconnections": "1", "log_lock_waits": "1"}; !maps.Equal(got, want) {
		t.Errorf("parameters %v", got)
	}
	if group["family"] != "aurora-postgresql17" {
		t.Errorf("family %v", group["family"])
	}
}

func TestOnlyClientsAreAdmitted(t *testing.T) {
	a := args()
	a.Clients = append(a.Clients, database.Client{Name: "reports", SecurityGroupID: pulumi.String("sg-reports")})
	r := componenttest.MustRun(t, "test", program(a), nil)
	from := map[string]bool{}
	for _, rule := range r.OfType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
		in := rule.Inputs
		if in["securityGroupId"] != "orders-database-id" || in["fromPort"] != 5432.0 || in["toPort"] != 5432.0 || in["ipProtocol"] != "tcp" || in["cidrIpv4"] != nil || in["description"] == nil {
			t.Errorf("%s: %v", rule.Name, in)
		}
		from[in["referencedSecurityGroupId"].(string)] = true
	}
	if want := map[string]bool{"sg-orders": true, "sg-reports": true}; !maps.Equal(from, want) {
		t.Errorf("admitted %v", from)
	}
	for _, token := range []string{"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "aws:ec2/instance:Instance", "aws:iam/role:Role"} {
		if n := len(r.OfType(token)); n > 0 {
			t.Errorf("%d of %s", n, token)
		}
	}
	if group := r.One(t, "aws:ec2/securityGroup:SecurityGroup").Inputs; group["ingress"] != nil || group["egress"] != nil {
		t.Errorf("group %v", group)
	}
}

func TestDevAgainstProduction(t *testing.T) {
	for environment, c := range map[string]struct {
		args      *database.Args
		instances int
		cluster   map[string]any
		min, max  float64
		logDays   float64
	}{
		location.Dev: {args(), 1, map[string]any{"deletionProtection": false, "backupRetentionPeriod": 7.0, "applyImmediately": true, "skipFinalSnapshot": false,
			"finalSnapshotIdentifier": "acme-orders-final", "deleteAutomatedBackups": false}, 0.5, 4, 30},
		location.Production: {production(), 2, map[string]any{"deletionProtection": true, "backupRetentionPeriod": 35.0, "applyImmediately": false, "skipFinalSnapshot": false,
			"finalSnapshotIdentifier": "acme-orders-final", "deleteAutomatedBackups": false}, 2, 16, 365},
	} {
		t.Run(environment, func(t *testing.T) {
			r := componenttest.MustRun(t, "test", program(c.args), nil)
			componenttest.Check(t, r)
			got := r.One(t, clusterType).Inputs
			for key, want := range c.cluster {
				if got[key] != want {
					t.Errorf("%s is %v, want %v", key, got[key], want)
				}
			}
			scaling := got["serverlessv2ScalingConfiguration"].(map[string]any)
			if scaling["minCapacity"] != c.min || scaling["maxCapacity"] != c.max || scaling["secondsUntilAutoPause"] != nil {
				t.Errorf("scaling %v", scaling)
			}
			if n := len(r.OfType(instanceType)); n != c.instances {
				t.Errorf("%d instances, want %d", n, c.instances)
			}
			log := r.One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs
			if log["name"] != "/aws/rds/cluster/acme-orders/postgresql" || log["retentionInDays"] != c.logDays {
				t.Errorf("log %v", log)
			}
		})
	}
}

func TestReleasedIsDeletedWithItsBackups(t *testing.T) {
	a := production()
	a.Released = true
	got := componenttest.MustRun(t, "test", program(a), nil).One(t, clusterType).Inputs
	if got["deletionProtection"] != false || got["skipFinalSnapshot"] != true || got["deleteAutomatedBackups"] != true || got["finalSnapshotIdentifier"] != nil {
		t.Errorf("%v", got)
	}
	a = args()
	a.DeletionProtection = true
	if got := componenttest.MustRun(t, "test", program(a), nil).One(t, clusterType).Inputs; got["deletionProtection"] != true {
		t.Errorf("protection asked for: %v", got["deletionProtection"])
	}
}

func TestLastSnapshotAndMajorUpgrade(t *testing.T) {
	got := componenttest.MustRun(t, "test", program(args()), nil).One(t, clusterType).Inputs
	if got["finalSnapshotIdentifier"] != args().Name+"-final" || got["allowMajorVersionUpgrade"] != nil {
		t.Errorf("not asked: %v, %v", got["finalSnapshotIdentifier"], got["allowMajorVersionUpgrade"])
	}
	a := args()
	a.FinalSnapshot, a.MajorUpgrade = "acme-orders-2", true
	got = componenttest.MustRun(t, "test", program(a), nil).One(t, clusterType).Inputs
	if got["finalSnapshotIdentifier"] != "acme-orders-2" || got["allowMajorVersionUpgrade"] != true {
		t.Errorf("asked: %v, %v", got["finalSnapshotIdentifier"], got["allowMajorVersionUpgrade"])
	}
}

func TestCapacityAsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*database.Args)
		want   map[string]any
	}{
		"pause": {func(a *database.Args) { a.PauseAfterSec = 300 }, map[string]any{"minCapacity": 0.0, "maxCapacity": 4.0, "secondsUntilAutoPause": 300.0}},
		"range": {func(a *database.Args) { a.MinACU, a.MaxACU = 8.5, 256 }, map[string]any{"minCapacity": 8.5, "maxCapacity": 256.0}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			if got := componenttest.MustRun(t, "test", program(a), nil).One(t, clusterType).Inputs["serverlessv2ScalingConfiguration"].(map[string]any); !maps.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestInstancesStandByInOrder(t *testing.T) {
	a := args()
	a.Instances = 16
	tiers := map[string]any{}
	for _, i := range componenttest.MustRun(t, "test", program(a), nil).OfType(instanceType) {
		tiers[i.Inputs["identifier"].(string)] = i.Inputs["promotionTier"]
	}
	if len(tiers) != 16 || tiers["acme-orders-1"] != 0.0 || tiers["acme-orders-2"] != 1.0 || tiers["acme-orders-16"] != 15.0 {
		t.Errorf("%v", tiers)
	}
}

// answers gives clusters what only AWS knows.
type answers struct{ componenttest.Recording }

func (a *answers) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	id, out, err := a.Recording.NewResource(args)
	if args.TypeToken == clusterType && err == nil {
		out["endpoint"] = resource.NewProperty("orders.cluster-1.eu-west-1.rds.amazonaws.com")
		out["clusterResourceId"] = resource.NewProperty("cluster-ABC")
		out["masterUserSecrets"] = resource.NewProperty([]resource.PropertyValue{
			resource.NewProperty(resource.PropertyMap{"secretArn": resource.NewProperty("arn:secret")}),
		})
	}
	return id, out, err
}

func TestOutputs(t *testing.T) {
	a := args()
	a.Bastion = &database.Bastion{}
	seen := make(chan []any, 1)
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		d, err := database.New(ctx, "orders", a)
		if err != nil {
			return err
		}
		pulumi.All(d.SecretARN, d.UserARN("app"), d.TunnelCommand, d.SecurityGroupID, d.BastionID, d.LogGroup, d.Name).ApplyT(func(all []any) string {
			seen <- all
			return ""
		})
		return nil
	}, pulumi.WithMocks("tenantform", "test", &answers{}))
	if err != nil {
		t.Fatal(err)
	}
	want := []any{
		"arn:secret", "arn:aws:rds-db:eu-west-1:111111111111:dbuser:cluster-ABC/app",
		"aws ssm start-session --region eu-west-1 --target orders-bastion-id --document-name AWS-StartPortForwardingSessionToRemoteHost" +
			` --parameters '{"host":["orders.cluster-1.eu-west-1.rds.amazonaws.com"],"portNumber":["5432"],"localPortNumber":["5432"]}'`,
		"orders-database-id", "orders-bastion-id", "/aws/rds/cluster/acme-orders/postgresql", "app",
	}
	if got := <-seen; !slices.Equal(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*database.Args)
		words  []string
	}{
		"no name":             {func(a *database.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":           {func(a *database.Args) { a.Name = strings.Repeat("n", 41) }, []string{"Name", "1 to 40"}},
		"hyphen at the end":   {func(a *database.Args) { a.Name = "acme-" }, []string{"Name", "acme-"}},
		"two hyphens":         {func(a *database.Args) { a.Name = "acme--orders" }, []string{"Name", "acme--orders"}},
		"name of a group":     {func(a *database.Args) { a.Name = "sg-acme" }, []string{"Name", "sg-acme", "begin with sg-"}},
		"snapshot":            {func(a *database.Args) { a.FinalSnapshot = "last--one" }, []string{"FinalSnapshot", "last--one"}},
		"no key":              {func(a *database.Args) { a.KeyARN = nil }, []string{"KeyARN is missing"}},
		"no network":          {func(a *database.Args) { a.Network.VPCID = nil }, []string{"Network.VPCID is missing"}},
		"no subnets":          {func(a *database.Args) { a.Network.SubnetIDs = nil }, []string{"Network.SubnetIDs is missing"}},
		"account":             {func(a *database.Args) { a.Location.AccountID = "1" }, []string{"Location.AccountID", "12 digits"}},
		"no tags":             {func(a *database.Args) { a.Tags.TenantID = "" }, []string{"Tags.tenant-id is missing"}},
		"database":            {func(a *database.Args) { a.DatabaseName = "my-db" }, []string{"DatabaseName", "my-db"}},
		"database that is":    {func(a *database.Args) { a.DatabaseName = "Postgres" }, []string{"DatabaseName", "Postgres", "another name"}},
		"no version":          {func(a *database.Args) { a.EngineVersion = "17" }, []string{"EngineVersion", `"17"`, "17.7"}},
		"retired major":       {func(a *database.Args) { a.EngineVersion = "13.20" }, []string{"EngineVersion", "13.20", "14, 15, 16, 17"}},
		"retired minor":       {func(a *database.Args) { a.EngineVersion = "16.3" }, []string{"EngineVersion", "16.3", "16.4 or later"}},
		"little":              {func(a *database.Args) { a.MinACU = 0.25 }, []string{"MinACU", `"0.25"`, "0.5 to 256"}},
		"step":                {func(a *database.Args) { a.MinACU = 1.2 }, []string{"MinACU", `"1.2"`, "steps of 0.5"}},
		"negative":            {func(a *database.Args) { a.MinACU = -1 }, []string{"MinACU", `"-1"`}},
		"no number":           {func(a *database.Args) { a.MaxACU = math.NaN() }, []string{"MaxACU", "NaN"}},
		"much":                {func(a *database.Args) { a.MaxACU = 256.5 }, []string{"MaxACU", `"256.5"`, "1 to 256"}},
		"half":                {func(a *database.Args) { a.MaxACU = 0.5 }, []string{"MaxACU", `"0.5"`, "1 to 256"}},
		"least above most":    {func(a *database.Args) { a.MinACU, a.MaxACU = 8, 4 }, []string{"MaxACU", `"4"`, "MinACU (8)"}},
		"quick pause":         {func(a *database.Args) { a.PauseAfterSec = 299 }, []string{"PauseAfterSec", `"299"`, "300 to 86400"}},
		"pause with a least":  {func(a *database.Args) { a.PauseAfterSec, a.MinACU = 300, 1 }, []string{"MinACU", `"1"`, "PauseAfterSec"}},
		"many instances":      {func(a *database.Args) { a.Instances = 17 }, []string{"Instances", `"17"`, "1 to 16"}},
		"alone in production": {func(a *database.Args) { a.Location.Environment, a.Instances = location.Production, 1 }, []string{"Instances", `"1"`, "2 to 16"}},
		"backups":             {func(a *database.Args) { a.BackupDays = 36 }, []string{"BackupDays", `"36"`, "1 to 35"}},
		"retention":           {func(a *database.Args) { a.LogRetentionDays = 31 }, []string{"LogRetentionDays", `"31"`}},
		"client without one":  {func(a *database.Args) { a.Clients[0].SecurityGroupID = nil }, []string{"Clients.orders.SecurityGroupID is missing"}},
		"nameless client":     {func(a *database.Args) { a.Clients[0].Name = "" }, []string{"Clients.Name is missing"}},
		"client twice":        {func(a *database.Args) { a.Clients = append(a.Clients, a.Clients[0]) }, []string{"Clients.Name", "orders", "each name once"}},
		"client as bastion":   {func(a *database.Args) { a.Clients[0].Name = "bastion" }, []string{"Clients.Name", "bastion"}},
		"bastion cut off": {func(a *database.Args) { a.Bastion, a.Network.EndpointSecurityGroupID = &database.Bastion{}, nil },
			[]string{"Network.EndpointSecurityGroupID is missing", "Session Manager"}},
		"other processor": {func(a *database.Args) { a.Bastion = &database.Bastion{InstanceType: "t3.nano"} }, []string{"Bastion.InstanceType", "t3.nano"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "database", `"orders"`)...)
		})
	}
	t.Run("no arguments", func(t *testing.T) {
		r, err := componenttest.Run("test", program(nil), nil)
		componenttest.Refused(t, r, err, "KeyARN is missing")
	})
}

func TestEveryMajorHasItsFamily(t *testing.T) {
	for _, major := range database.EngineMajors() {
		a := args()
		a.EngineVersion = major + ".20"
		r := componenttest.MustRun(t, "test", program(a), nil)
		if got := r.One(t, "aws:rds/clusterParameterGroup:ClusterParameterGroup").Inputs["family"]; got != "aurora-postgresql"+major {
			t.Errorf("%s has the family %v", a.EngineVersion, got)
		}
	}
}
