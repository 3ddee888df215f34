package conformance_test

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/internal/blueprints"
)

// archive makes a function's archive.
func archive(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "code.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	w, err := z.Create("index.py")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("def handler(event, context):\n    return event\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// blueprint is a program of one component.
type blueprint struct {
	*pulumi.Context
	where location.Location
	tags  tags.Required
	with  pulumi.ResourceOption // the provider
	code  string
}

// key gives a key for what a component encrypts.
func (b blueprint) key(alias string, groups ...string) (pulumi.StringOutput, error) {
	k, err := encryption.New(b.Context, alias+"-key", &encryption.Args{
		Location: b.where, Tags: b.tags, Alias: alias, Description: "What " + alias + " keeps", LogGroups: groups,
	}, b.with)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return k.ARN, nil
}

// of makes a component's life: its program before and after the update.
func of(name, code string, covers []string, build func(b blueprint, changed bool) error, look, gone func(*testing.T, *rig)) life {
	program := func(changed bool) pulumi.RunFunc {
		return func(ctx *pulumi.Context) error {
			p, err := aws.NewProvider(ctx, "core", &aws.ProviderArgs{
				Region: pulumi.String(region), AllowedAccountIds: pulumi.ToStringArray([]string{core}),
			})
			if err != nil {
				return err
			}
			return build(blueprint{
				Context: ctx, where: location.Location{Environment: location.Dev, Region: region, AccountID: core},
				tags: componenttest.Tags(), with: pulumi.Providers(p), code: code,
			}, changed)
		}
	}
	return life{name: name, account: core, covers: covers, stack: "component-" + strings.ReplaceAll(name, " ", "-"), program: program(false), changed: program(true), look: look, gone: gone}
}

// pick gives one of two values, the second after the update.
func pick[T any](changed bool, before, after T) T {
	if changed {
		return after
	}
	return before
}

// components are the lives of the components, each on its own: those of the whole
// catalogue, and those that are written here.
func components(code string) []life {
	var all []life
	for i, b := range blueprints.All() {
		all = append(all, catalogued(b, code, i))
	}
	for _, part := range [][]life{storage(code), networks(code), compute(code), messaging(code), edge(code)} {
		all = append(all, part...)
	}
	return all
}

// grown are the components that make more in production than elsewhere: theirs is
// a life in production.
var grown = []string{"database.Database", "guardrails.Account", "network.Network"}

// catalogued makes the life of a component of the catalogue: its full sample, in an
// account of its own. The update gives it another value of one argument, and
// production's settings where they are not there from the start.
func catalogued(b blueprints.Blueprint, code string, i int) life {
	account := fmt.Sprintf("3%011d", i)
	site := blueprints.NewSite(location.Dev, code)
	site.Location.Region, site.Location.AccountID = region, account
	if slices.Contains(grown, b.Name()) {
		site.Location.Environment = location.Production
	}
	program := func(changed bool) pulumi.RunFunc {
		return func(ctx *pulumi.Context) error {
			at := site
			if changed {
				at.Changed, at.Location.Environment = true, location.Production
			}
			p, err := aws.NewProvider(ctx, "own", &aws.ProviderArgs{
				Region: pulumi.String(region), AllowedAccountIds: pulumi.ToStringArray([]string{account}),
				AssumeRole: aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String(at.Location.RoleARN("deployer")), SessionName: pulumi.String("conformance")},
			})
			if err != nil {
				return err
			}
			if err := ctx.RegisterStackTransformation(func(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
				if !strings.HasPrefix(args.Type, "aws:") {
					return nil
				}
				return &pulumi.ResourceTransformationResult{Props: args.Props, Opts: append(args.Opts, pulumi.Provider(p))}
			}); err != nil {
				return err
			}
			return b.Full(ctx, at)
		}
	}
	name := strings.ToLower(b.Name())
	l := life{
		name: name, stack: "component-" + strings.ReplaceAll(name, ".", "-"), account: account, covers: []string{b.Name()},
		program: program(false), changed: program(true),
	}
	if before := befores()[b.Name()]; before != nil {
		l.before = func(t *testing.T, r *rig) { before(r.in(t, account), &site) }
	}
	look := looks()[b.Name()]
	l.look = func(t *testing.T, r *rig) {
		e := r.in(t, account)
		if look == nil {
			e.someTagged()
			return
		}
		look(e, b)
	}
	if later := laters()[b.Name()]; later != nil {
		l.later = func(t *testing.T, r *rig) { later(r.in(t, account)) }
	}
	l.gone = func(t *testing.T, r *rig) {
		e := r.in(t, account)
		e.noneTagged()
		e.noneLeft()
		if gone := gones()[b.Name()]; gone != nil {
			gone(e)
		}
	}
	return l
}

// TestLivesAreOfTheCatalogue holds what lives say that they cover to the catalogue.
func TestLivesAreOfTheCatalogue(t *testing.T) {
	known := map[string]bool{}
	for _, b := range blueprints.All() {
		known[b.Name()] = true
	}
	names := map[string]bool{}
	for _, l := range append(components(""), programs("")...) {
		if names[l.name] {
			t.Errorf("two lives are called %s", l.name)
		}
		names[l.name] = true
		for _, c := range l.covers {
			if !known[c] {
				t.Errorf("%s covers %s, which is not in the catalogue", l.name, c)
			}
		}
	}
}
