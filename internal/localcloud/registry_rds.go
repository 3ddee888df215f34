package localcloud

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/tenantform/tenantform/tenants"
)

// rdsKinds are Aurora clusters.
// Source of limits: RDS API reference, CreateDBCluster, CreateDBInstance, CreateDBSubnetGroup, CreateDBClusterParameterGroup.
func rdsKinds() []*kind {
	return []*kind{
		{
			token: "aws:rds/subnetGroup:SubnetGroup", label: "RDS Subnet Group", args: rds.SubnetGroupArgs{}, resource: &rds.SubnetGroup{}, required: []string{"subnetIds"},
			id: "{name}", arn: "arn:{partition}:rds:{region}:{account}:subgrp:{name}", name: "name", autoname: &autoname{max: 255, lower: true},
			taken:    "DBSubnetGroupAlreadyExistsFault: The DB subnet group '{name}' already exists.",
			defaults: map[string]any{"description": "Managed by Pulumi"}, settle: settleSubnetGroup,
			rules:   map[string]rule{"name": all(length(1, 255), pattern(`^[a-z0-9._ -]+$`, "lower-case letters, digits, spaces or ._-")), "description": length(1, 255), "tags": tags},
			replace: []string{"name", "namePrefix"}, sets: []string{"subnetIds"},
			refs:  []ref{{prop: "subnetIds[*]", to: []string{"ec2.Subnet"}, by: asID, missing: "InvalidSubnet: Subnet IDs: {value} do not exist."}},
			inUse: []use{{by: "rds.Cluster", prop: "dbSubnetGroupName", says: "InvalidDBSubnetGroupStateFault: Cannot delete the subnet group '{name}' because at least one database cluster is still using it."}},
		},
		{
			token: "aws:rds/clusterParameterGroup:ClusterParameterGroup", label: "RDS Cluster Parameter Group", args: rds.ClusterParameterGroupArgs{}, resource: &rds.ClusterParameterGroup{},
			id: "{name}", arn: "arn:{partition}:rds:{region}:{account}:cluster-pg:{name}", name: "name", autoname: &autoname{max: 255, lower: true},
			taken: "DBParameterGroupAlreadyExists: Parameter group {name} already exists", defaults: map[string]any{"description": "Managed by Pulumi"},
			rules: map[string]rule{"name": all(length(1, 255), rdsName), "family": pattern(`^(aurora-mysql|aurora-postgresql|mysql|postgres|neptune|docdb)[0-9.]+$`, "a family, as aurora-postgresql16"),
				"parameters[*].applyMethod": oneOf("immediate", "pending-reboot"), "tags": tags},
			replace: []string{"name", "namePrefix", "family", "description"}, sets: []string{"parameters"},
			inUse: []use{{by: "rds.Cluster", prop: "dbClusterParameterGroupName",
				says: "InvalidDBParameterGroupState: One or more database instances are still members of this parameter group {name}, so the group cannot be deleted"}},
		},
		clusterKind(), clusterInstanceKind(),
	}
}

var rdsName = pattern(`^[a-z](-?[a-z0-9])*$`, "a lower-case letter, then lower-case letters, digits and single dashes, none at the end")

func clusterKind() *kind {
	groups := refGroups("vpcSecurityGroupIds[*]")
	groups.missing = "InvalidParameterValue: Invalid security group , groupId= {value}, groupName=."
	return &kind{
		token: "aws:rds/cluster:Cluster", label: "RDS Cluster", args: rds.ClusterArgs{}, resource: &rds.Cluster{},
		id: "{name}", arn: "arn:{partition}:rds:{region}:{account}:cluster:{name}", name: "clusterIdentifier", autoname: &autoname{max: 63, lower: true},
		taken:    "DBClusterAlreadyExistsFault: DB Cluster already exists",
		outputs:  map[string]string{"clusterResourceId": "cluster-{upper:26}", "hostedZoneId": "Z{upper:13}"},
		changing: []string{"engineVersionActual", "masterUserSecrets"}, settle: settleCluster, keeps: clusterIsEmpty,
		defaults: map[string]any{"engineMode": "provisioned", "storageEncrypted": false, "deletionProtection": false, "skipFinalSnapshot": false, "backupRetentionPeriod": 1.0,
			"copyTagsToSnapshot": false, "iamDatabaseAuthenticationEnabled": false, "networkType": "IPV4"},
		rules: map[string]rule{
			"clusterIdentifier": all(length(1, 63), rdsName), "engine": oneOf("aurora-mysql", "aurora-postgresql", "mysql", "postgres"),
			"engineMode": oneOf("provisioned", "serverless", "global", "parallelquery"), "backupRetentionPeriod": between(1, 35), "port": between(1150, 65535),
			"masterUsername": all(length(1, 63), pattern(`^[A-Za-z][A-Za-z0-9_]*$`, "a letter, then letters, digits and underscores")), "masterPassword": length(8, 128),
			"databaseName": all(length(1, 64), pattern(`^[A-Za-z][A-Za-z0-9_]*$`, "a letter, then letters, digits and underscores")), "kmsKeyId": arn("kms"), "masterUserSecretKmsKeyId": length(1, 2048),
			"finalSnapshotIdentifier": all(length(1, 255), pattern(`^[A-Za-z](-?[A-Za-z0-9])*$`, "a letter, then letters, digits and single dashes")), "backtrackWindow": between(0, 259200),
			"preferredBackupWindow": pattern(`^\d\d:\d\d-\d\d:\d\d$`, "hh:mm-hh:mm"), "preferredMaintenanceWindow": pattern(`^[A-Za-z]{3}:\d\d:\d\d-[A-Za-z]{3}:\d\d:\d\d$`, "ddd:hh:mm-ddd:hh:mm"),
			"serverlessv2ScalingConfiguration.minCapacity": between(0, 256), "serverlessv2ScalingConfiguration.maxCapacity": between(1, 256), "monitoringRoleArn": arn("iam"),
			"enabledCloudwatchLogsExports[*]": oneOf("audit", "error", "general", "slowquery", "postgresql", "upgrade", "iam-db-auth-error", "instance"), "tags": tags,
		},
		replace: []string{"clusterIdentifier", "clusterIdentifierPrefix", "engine", "engineMode", "databaseName", "masterUsername", "storageEncrypted", "kmsKeyId", "dbSubnetGroupName",
			"availabilityZones", "snapshotIdentifier", "sourceRegion", "restoreToPointInTime", "s3Import", "dbSystemId"},
		sets: []string{"vpcSecurityGroupIds", "availabilityZones", "enabledCloudwatchLogsExports", "iamRoles"},
		refs: []ref{
			{prop: "dbSubnetGroupName", to: []string{"rds.SubnetGroup"}, by: unlessDefault, missing: "DBSubnetGroupNotFoundFault: DB subnet group '{value}' does not exist."},
			{prop: "dbClusterParameterGroupName", to: []string{"rds.ClusterParameterGroup"}, by: unlessDefault, missing: "DBClusterParameterGroupNotFound: DBClusterParameterGroup not found: {value}"},
			groups, refKey("kmsKeyId", "KMSKeyNotAccessibleFault: The specified KMS key [{value}] does not exist, is not enabled or you do not have permissions to access it."),
			refKey("masterUserSecretKmsKeyId", "KMSKeyNotAccessibleFault: The specified KMS key [{value}] does not exist, is not enabled or you do not have permissions to access it."),
			refRole("monitoringRoleArn", "InvalidParameterValue: IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING"),
		},
		guards: []guard{{prop: "deletionProtection", equals: true,
			says: "InvalidParameterCombination: Cannot delete protected Cluster, please disable deletion protection and try again."}},
	}
}

// unlessDefault takes a name; those of AWS's own, default and default.x, are always there.
func unlessDefault(_ *Cloud, at place, value string) (place, string, bool) {
	return at, value, value != "default" && !strings.HasPrefix(value, "default.")
}

func clusterInstanceKind() *kind {
	return &kind{
		token: "aws:rds/clusterInstance:ClusterInstance", label: "RDS Cluster Instance", args: rds.ClusterInstanceArgs{}, resource: &rds.ClusterInstance{},
		id: "{name}", arn: "arn:{partition}:rds:{region}:{account}:db:{name}", name: "identifier", autoname: &autoname{max: 63, lower: true},
		taken: "DBInstanceAlreadyExists: DB instance already exists", settle: settleInstance, changing: []string{"engineVersionActual"},
		outputs:  map[string]string{"dbiResourceId": "db-{upper:26}", "networkType": "IPV4", "availabilityZone": "{region}a"},
		defaults: map[string]any{"autoMinorVersionUpgrade": true, "promotionTier": 0.0, "publiclyAccessible": false, "monitoringInterval": 0.0, "copyTagsToSnapshot": false},
		rules: map[string]rule{
			"identifier": all(length(1, 63), rdsName), "engine": oneOf("aurora-mysql", "aurora-postgresql", "mysql", "postgres"), "promotionTier": between(0, 15),
			"instanceClass": pattern(`^db\.[a-z0-9.-]+$`, "a class, as db.r6g.large or db.serverless"), "monitoringInterval": oneOf(0, 1, 5, 10, 15, 30, 60), "monitoringRoleArn": arn("iam"),
			"performanceInsightsKmsKeyId": arn("kms"), "tags": tags,
		},
		replace: []string{"identifier", "identifierPrefix", "clusterIdentifier", "engine", "availabilityZone", "dbSubnetGroupName", "customIamInstanceProfile"},
		refs: []ref{
			{prop: "clusterIdentifier", to: []string{"rds.Cluster"}, by: asLast, missing: "DBClusterNotFoundFault: DBCluster {value} not found."},
			refRole("monitoringRoleArn", "InvalidParameterValue: IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING"),
			refKey("performanceInsightsKmsKeyId", "KMSKeyNotAccessibleFault: The specified KMS key [{value}] does not exist, is not enabled or you do not have permissions to access it."),
		},
	}
}

// settleSubnetGroup refuses subnets of one zone or of two networks.
func settleSubnetGroup(c *creation) error {
	zones, networks := map[string]bool{}, map[string]bool{}
	for _, id := range valuesAt(c.inputs, "subnetIds[*]") {
		subnet, err := c.cloud.store.get(c.at, "ec2.Subnet", textOf(id))
		if err != nil || subnet == nil {
			return err
		}
		zone := textOf(subnet.Inputs["availabilityZone"])
		if zone == "" {
			zone = textOf(subnet.Computed["availabilityZone"])
		}
		zones[zone], networks[textOf(subnet.Inputs["vpcId"])] = true, true
		c.computed["vpcId"] = subnet.Inputs["vpcId"]
	}
	if len(networks) > 1 {
		return refusal("InvalidParameterValue: The DB subnet group's subnets are not all in the same VPC")
	}
	if len(zones) < 2 {
		return refusal("DBSubnetGroupDoesNotCoverEnoughAZs: The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at least 2 AZs.")
	}
	c.computed["supportedNetworkTypes"] = []any{"IPV4"}
	return nil
}

// engines are the port and the version that a cluster gets where the program
// says none.
var engines = map[string]struct {
	port    float64
	version string
}{"aurora-postgresql": {5432, "16.6"}, "postgres": {5432, "16.6"}, "aurora-mysql": {3306, "8.0.mysql_aurora.3.08.0"}, "mysql": {3306, "8.0.40"}}

// settleCluster works out addresses, and refuses a cluster into which nobody
// could log in.
func settleCluster(c *creation) error {
	managed := c.inputs["manageMasterUserPassword"] == true
	restored := c.inputs["snapshotIdentifier"] != nil || c.inputs["restoreToPointInTime"] != nil || c.inputs["replicationSourceIdentifier"] != nil || c.inputs["s3Import"] != nil
	switch {
	case managed && c.inputs["masterPassword"] != nil:
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterCombination: You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled."}
	case !restored && textOf(c.inputs["masterUsername"]) == "":
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterValue: The parameter MasterUsername must be provided and must not be blank."}
	case !restored && !managed && c.inputs["masterPassword"] == nil:
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterValue: The parameter MasterUserPassword must be provided and must not be blank."}
	}
	if scaling, ok := c.inputs["serverlessv2ScalingConfiguration"].(map[string]any); ok {
		least, _ := scaling["minCapacity"].(float64)
		if most, _ := scaling["maxCapacity"].(float64); least > most {
			return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterValue: Serverless v2 maximum capacity must be greater than or equal to the minimum capacity."}
		}
	}
	engine := engines[textOf(c.inputs["engine"])]
	if _, kept := c.computed["endpoint"]; !kept {
		suffix := random(alphabets["base36"], 12) + "." + c.region + ".rds.amazonaws.com"
		c.computed["endpoint"], c.computed["readerEndpoint"] = c.name+".cluster-"+suffix, c.name+".cluster-ro-"+suffix
		c.computed["port"], c.computed["engineVersion"] = engine.port, engine.version
	}
	c.computed["engineVersionActual"] = c.computed["engineVersion"]
	if v := textOf(c.inputs["engineVersion"]); v != "" {
		c.computed["engineVersionActual"] = v
	}
	secrets, _ := c.computed["masterUserSecrets"].([]any)
	if managed && len(secrets) == 0 {
		secrets = []any{map[string]any{"secretStatus": "active", "kmsKeyId": textOf(c.inputs["masterUserSecretKmsKeyId"]),
			"secretArn": "arn:" + partition(c.region) + ":secretsmanager:" + c.region + ":" + c.at.account + ":secret:rds!cluster-" + uuid() + "-" + random(alphabets["mixed"], 6)}}
	}
	if !managed {
		secrets = []any{}
	}
	c.computed["masterUserSecrets"] = secrets
	return nil
}

// clusterIsEmpty refuses to delete a cluster with instances, or without saying
// what becomes of its data.
func clusterIsEmpty(c *Cloud, rec *record) error {
	instances, err := c.store.list(rec.Account, rec.Region, "rds.ClusterInstance")
	if err != nil {
		return err
	}
	if slices.ContainsFunc(instances, func(i *record) bool { return i.Inputs["clusterIdentifier"] == rec.ID }) {
		return refusal("InvalidDBClusterStateFault: Cluster cannot be deleted, it still contains DB instances in non-deleting state.")
	}
	if rec.Inputs["skipFinalSnapshot"] != true && textOf(rec.Inputs["finalSnapshotIdentifier"]) == "" {
		return refusal("RDS Cluster final_snapshot_identifier is required when skip_final_snapshot is false")
	}
	return nil
}

// settleInstance copies what an instance has of its cluster.
func settleInstance(c *creation) error {
	cluster, err := c.cloud.store.get(c.at, "rds.Cluster", textOf(c.inputs["clusterIdentifier"]))
	if err != nil || cluster == nil {
		return err
	}
	if own, its := textOf(c.inputs["engine"]), textOf(cluster.Inputs["engine"]); own != its {
		return refusal("InvalidParameterCombination: The engine name requested for your DB instance (%s) doesn't match the engine name of your DB cluster (%s).", own, its)
	}
	if c.inputs["instanceClass"] == "db.serverless" && cluster.Inputs["serverlessv2ScalingConfiguration"] == nil {
		return refusal("InvalidDBClusterStateFault: Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.")
	}
	if n, _ := c.inputs["monitoringInterval"].(float64); n > 0 && textOf(c.inputs["monitoringRoleArn"]) == "" {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterCombination: A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0."}
	}
	c.computed["engineVersionActual"], c.computed["engineVersion"] = cluster.Computed["engineVersionActual"], cluster.Computed["engineVersionActual"]
	if _, kept := c.computed["endpoint"]; kept {
		return nil
	}
	others, err := c.siblings("rds.ClusterInstance")
	if err != nil {
		return err
	}
	c.computed["writer"] = !slices.ContainsFunc(others, func(o *record) bool {
		return o.Inputs["clusterIdentifier"] == cluster.ID && o.Computed["writer"] == true
	})
	c.computed["storageEncrypted"] = cluster.Inputs["storageEncrypted"] == true
	c.computed["kmsKeyId"], c.computed["port"] = textOf(cluster.Inputs["kmsKeyId"]), cluster.Computed["port"]
	if port, given := cluster.Inputs["port"]; given {
		c.computed["port"] = port
	}
	_, suffix, _ := strings.Cut(textOf(cluster.Computed["endpoint"]), ".cluster-")
	c.computed["endpoint"] = c.name + "." + suffix
	return nil
}
