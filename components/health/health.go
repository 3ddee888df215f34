// Package health makes one alarm of many: a composite view of a tenant, or of
// the platform over its tenants.
package health

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// CloudWatch's limits of a composite alarm; see "PutCompositeAlarm" in the
// CloudWatch API Reference.
const (
	MaxRule     = 10240 // characters of the rule
	MaxChildren = 100   // alarms that the rule names
	MaxActions  = 5
)

// MaxAlarms is how many alarms a Health can be made of: as many groups as a rule
// can name, each of as many alarms.
const MaxAlarms = MaxChildren * MaxChildren

const (
	maxName      = 240 // 255 by PutCompositeAlarm, less what the groups' names add
	maxAlarmName = 255
)

var (
	namePattern  = regexp.MustCompile(`^[a-zA-Z0-9_./-]+$`)
	alarmPattern = regexp.MustCompile(`^[a-zA-Z0-9_./ -]+$`)
	arnPattern   = regexp.MustCompile(`^arn:aws[a-z-]*:cloudwatch:([a-z0-9-]+):([0-9]{12}):alarm:([a-zA-Z0-9_./ -]+)$`)
)

// Args are the arguments of a Health.
type Args struct {
	Location location.Location
	Tags     tags.Required
	// Name is the physical name of the alarm; 1 to 240 letters, digits and _ . / -.
	Name string
	// Of says whose health it is, in the alarm's description: "tenant acme" for
	// example; 1 to 200 characters.
	Of string
	// Alarms are the names or ARNs of metric and composite alarms of the same account
	// and region, 1 to 10,000, each once. They have to exist first: the caller lets
	// the component depend on them (depend.On with its Ready) where the same program makes
	// them. More than 100 are put into groups, composite alarms of their own.
	Alarms []string
	// Actions are the ARNs of the topics that are told of an alarm and of its end; at
	// most 5. nil: the alarm only shows.
	Actions pulumi.StringArrayInput
}

// Health is a composite alarm: it is on while one of its alarms is.
type Health struct {
	pulumi.ResourceState

	AlarmARN  pulumi.StringOutput `pulumi:"alarmArn"`
	AlarmName pulumi.StringOutput `pulumi:"alarmName"`

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Health, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	h := &Health{}
	if err := ctx.RegisterComponentResource("tenantform:health:Health", name, h, opts...); err != nil {
		return nil, err
	}
	top, made := args.Alarms, []pulumi.CustomResource(nil)
	if groups := split(args.Alarms); len(groups) > 1 {
		top = nil
		for i, group := range groups {
			suffix := fmt.Sprintf("-group-%03d", i+1)
			alarm, err := h.composite(ctx, name+suffix, args, composite{
				name: args.Name + suffix, says: fmt.Sprintf("Health of %s, part %d of %d", args.Of, i+1, len(groups)), of: group,
			}, pulumi.Parent(h))
			if err != nil {
				return nil, err
			}
			top, made = append(top, args.Name+suffix), append(made, alarm)
		}
	}
	alarm, err := h.composite(ctx, name+"-alarm", args, composite{
		name: args.Name, says: "Health of " + args.Of, of: top, actions: args.Actions,
	}, pulumi.Parent(h), depend.On(made...))
	if err != nil {
		return nil, err
	}
	h.AlarmARN, h.AlarmName, h.Ready = alarm.Arn, alarm.AlarmName, append(made, alarm)
	if err := ctx.RegisterResourceOutputs(h, pulumi.Map{"alarmArn": h.AlarmARN, "alarmName": h.AlarmName}); err != nil {
		return nil, err
	}
	return h, nil
}

// composite is one alarm over others.
type composite struct {
	name, says string
	of         []string
	actions    pulumi.StringArrayInput // nil: it tells nobody
}

func (h *Health) composite(ctx *pulumi.Context, child string, args *Args, c composite, opts ...pulumi.ResourceOption) (*cloudwatch.CompositeAlarm, error) {
	return cloudwatch.NewCompositeAlarm(ctx, child, &cloudwatch.CompositeAlarmArgs{
		AlarmName:        pulumi.String(c.name),
		AlarmDescription: pulumi.String(c.says),
		AlarmRule:        pulumi.String(rule(c.of)),
		AlarmActions:     c.actions,
		OkActions:        c.actions,
		Tags:             args.Tags.Map(),
	}, opts...)
}

// rule gives the expression that is true while one of the alarms is on.
func rule(alarms []string) string {
	terms := make([]string, len(alarms))
	for i, a := range alarms {
		terms[i] = term(a)
	}
	return strings.Join(terms, or)
}

const or = " OR "

func term(alarm string) string { return `ALARM("` + alarm + `")` }

// split gives the alarms in groups of which a rule can name all. One group is
// the alarms themselves.
func split(alarms []string) [][]string {
	var groups [][]string
	length := MaxRule + 1
	for _, a := range alarms {
		more := len(or) + len(term(a))
		if length+more > MaxRule || len(groups[len(groups)-1]) == MaxChildren {
			groups, length = append(groups, nil), -len(or)
		}
		groups[len(groups)-1], length = append(groups[len(groups)-1], a), length+more
	}
	return groups
}

// Validate checks the arguments as New does, for a component that is made of a
// Health and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("health", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	if n := utf8.RuneCountInString(a.Of); n < 1 || n > 200 {
		c.Fault("Of", a.Of, "1 to 200 characters")
	}
	c.Between("Alarms", len(a.Alarms), 1, MaxAlarms, "alarms")
	seen := map[string]bool{}
	for _, alarm := range a.Alarms {
		known := alarm
		if strings.HasPrefix(alarm, "arn:") {
			known = a.local(c, alarm)
		} else {
			c.Name("Alarms", alarm, maxAlarmName, alarmPattern)
		}
		if seen[known] {
			c.Fault("Alarms", alarm, "each alarm once")
		}
		if known == a.Name {
			c.Fault("Alarms", alarm, "alarms other than the one that is made of them")
		}
		seen[known] = true
	}
	if known, ok := a.Actions.(pulumi.StringArray); ok {
		c.Between("Actions", len(known), 0, MaxActions, "actions")
	}
	if groups := split(a.Alarms); len(groups) > MaxChildren || len(a.groupRule(len(groups))) > MaxRule {
		c.Fault("Alarms", strconv.Itoa(len(a.Alarms)), fmt.Sprintf(
			"names that fit into %d groups, whose own names fit into %d characters", MaxChildren, MaxRule))
	}
	return c.Err()
}

// groupRule is as long as the rule over that many groups.
func (a *Args) groupRule(groups int) string {
	return strings.Repeat(term(a.Name+"-group-000")+or, groups)
}

// local gives the name in an alarm's ARN. A composite alarm and what it is made
// of are in one account and region ("Create a composite alarm" in the CloudWatch
// User Guide).
func (a *Args) local(c *check.Args, arn string) string {
	m := arnPattern.FindStringSubmatch(arn)
	switch {
	case m == nil:
		c.Fault("Alarms", arn, "names or ARNs of alarms")
		return arn
	case m[1] != a.Location.Region || m[2] != a.Location.AccountID:
		c.Fault("Alarms", arn, "alarms of account "+a.Location.AccountID+" in "+a.Location.Region)
	}
	return m[3]
}
