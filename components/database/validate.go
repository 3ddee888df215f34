package database

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/components/internal/check"
)

// Aurora's limits; see CreateDBCluster and ServerlessV2ScalingConfiguration in
// the RDS API Reference, "Aurora Serverless v2 capacity" and "Quotas and
// constraints for Amazon Aurora" in the Aurora User Guide.
const (
	MinACU          = 0.5
	MaxACU          = 256
	MaxInstances    = 16 // one that writes and 15 that read
	MaxBackupDays   = 35
	MinPauseSec     = 300
	MaxPauseSec     = 86400
	stepACU         = 0.5
	leastMaxACU     = 1
	lastTier        = 15
	maxName         = 40 // an identifier has at most 63; the physical names that begin with it need the rest
	maxDatabaseName = 63
	maxSnapshot     = 255 // CreateDBClusterSnapshot in the RDS API Reference
)

// What an argument that is 0 means, in production and elsewhere.
const (
	productionMinACU, otherMinACU         = 2, 0.5 // 2 is Aurora's advice with performance insights
	productionMaxACU, otherMaxACU         = 16, 4
	productionInstances, otherInstances   = 2, 1
	productionBackupDays, otherBackupDays = 35, 7
)

var (
	namePattern     = regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`)
	databasePattern = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]*$`)
	versionPattern  = regexp.MustCompile(`^([0-9]{2})\.([0-9]{1,2})$`)
	snapshotPattern = regexp.MustCompile(`^[a-zA-Z](-?[a-zA-Z0-9])*$`)
	clientPattern   = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	gravitonPattern = regexp.MustCompile(`^[a-z]+[0-9]+g[a-z]*\.[a-z0-9]+$`)
)

// leastMinors gives, by major version, the least minor version that Aurora still
// makes clusters of and that can pause: those before are retired; see "Aurora
// PostgreSQL release calendars" in the Release Notes for Aurora PostgreSQL and
// "Scaling to zero ACUs" in the Aurora User Guide.
func leastMinors() map[string]int { return map[string]int{"14": 13, "15": 8, "16": 4, "17": 4} }

// EngineMajors gives the major versions that Args.EngineVersion may have.
func EngineMajors() []string { return slices.Sorted(maps.Keys(leastMinors())) }

func major(version string) string {
	m, _, _ := strings.Cut(version, ".")
	return m
}

// withDefaults gives the arguments with every value that was left open.
func (a *Args) withDefaults() *Args {
	full := *a
	production := a.Location.Production()
	full.EngineVersion = cmp.Or(a.EngineVersion, DefaultEngineVersion)
	full.DatabaseName = cmp.Or(a.DatabaseName, DefaultDatabaseName)
	if a.PauseAfterSec == 0 {
		full.MinACU = cmp.Or(a.MinACU, pick(production, productionMinACU, otherMinACU))
	}
	full.MaxACU = cmp.Or(a.MaxACU, pick[float64](production, productionMaxACU, otherMaxACU))
	full.Instances = cmp.Or(a.Instances, pick(production, productionInstances, otherInstances))
	full.BackupDays = cmp.Or(a.BackupDays, pick(production, productionBackupDays, otherBackupDays))
	full.LogRetentionDays = a.Location.LogRetentionDays(a.LogRetentionDays)
	if a.Bastion != nil {
		full.Bastion = &Bastion{InstanceType: cmp.Or(a.Bastion.InstanceType, DefaultInstanceType)}
	}
	return &full
}

func pick[T any](production bool, there, elsewhere T) T {
	if production {
		return there
	}
	return elsewhere
}

func (a *Args) protected() bool {
	return !a.Released && (a.DeletionProtection || a.Location.Production())
}

// Validate checks the arguments as New does, for a component that is made of a
// database and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("database", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	if strings.HasPrefix(a.Name, "sg-") {
		c.Fault("Name", a.Name, "a name that does not begin with sg-: EC2 takes it for no security group")
	}
	if a.FinalSnapshot != "" {
		c.Name("FinalSnapshot", a.FinalSnapshot, maxSnapshot, snapshotPattern)
	}
	c.Needs("KeyARN", a.KeyARN != nil, "the ARN of a customer managed key")
	c.Needs("Network.VPCID", a.Network.VPCID != nil, "the id of the network's VPC")
	c.Needs("Network.SubnetIDs", a.Network.SubnetIDs != nil, "the ids of private subnets in two zones or more")
	full := a.withDefaults()
	full.checkClients(c)
	full.checkEngine(c)
	full.checkCapacity(c)
	least := 1
	if a.Location.Production() {
		least = productionInstances
	}
	c.Between("Instances", full.Instances, least, MaxInstances, "instances")
	c.Between("BackupDays", full.BackupDays, 1, MaxBackupDays, "days")
	c.Retention("LogRetentionDays", full.LogRetentionDays)
	if full.Bastion != nil {
		c.Needs("Network.EndpointSecurityGroupID", a.Network.EndpointSecurityGroupID != nil, "the security group of the interface endpoints, through which Session Manager reaches a bastion")
		c.Name("Bastion.InstanceType", full.Bastion.InstanceType, maxInstanceType, gravitonPattern)
	}
	return c.Err()
}

func (a *Args) checkClients(c *check.Args) {
	seen := map[string]bool{"bastion": true}
	for _, client := range a.Clients {
		c.Name("Clients.Name", client.Name, maxName, clientPattern)
		if seen[client.Name] {
			c.Fault("Clients.Name", client.Name, "each name once, and another than bastion")
		}
		seen[client.Name] = true
		c.Needs("Clients."+client.Name+".SecurityGroupID", client.SecurityGroupID != nil, "the security group that the client is in")
	}
}

func (a *Args) checkEngine(c *check.Args) {
	c.Name("DatabaseName", a.DatabaseName, maxDatabaseName, databasePattern)
	for _, kept := range []string{"postgres", "rdsadmin", "template0", "template1"} {
		if strings.EqualFold(a.DatabaseName, kept) {
			c.Fault("DatabaseName", a.DatabaseName, "another name: every cluster has a database of this one")
		}
	}
	m := versionPattern.FindStringSubmatch(a.EngineVersion)
	if m == nil {
		c.Fault("EngineVersion", a.EngineVersion, "a major and a minor version of Aurora PostgreSQL, "+DefaultEngineVersion+" for example")
		return
	}
	least, known := leastMinors()[m[1]]
	minor, err := strconv.Atoi(m[2])
	switch {
	case !known:
		c.Fault("EngineVersion", a.EngineVersion, "a version of one of the majors "+strings.Join(EngineMajors(), ", "))
	case err != nil || minor < least:
		c.Fault("EngineVersion", a.EngineVersion, fmt.Sprintf("%s.%d or later: Aurora makes no clusters of older ones", m[1], least))
	}
}

func (a *Args) checkCapacity(c *check.Args) {
	if a.PauseAfterSec != 0 {
		c.Between("PauseAfterSec", a.PauseAfterSec, MinPauseSec, MaxPauseSec, "seconds")
		if a.MinACU != 0 {
			c.Fault("MinACU", units(a.MinACU), "none with PauseAfterSec, with which the least capacity is 0")
		}
	} else {
		checkUnits(c, "MinACU", a.MinACU, MinACU)
	}
	checkUnits(c, "MaxACU", a.MaxACU, leastMaxACU)
	if a.MaxACU < a.MinACU {
		c.Fault("MaxACU", units(a.MaxACU), "not less than MinACU ("+units(a.MinACU)+")")
	}
}

func checkUnits(c *check.Args, argument string, value, least float64) {
	if !(value >= least && value <= MaxACU) || math.Mod(value, stepACU) != 0 {
		c.Fault(argument, units(value), fmt.Sprintf("%s to %d Aurora capacity units in steps of %s", units(least), MaxACU, units(stepACU)))
	}
}

func units(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
