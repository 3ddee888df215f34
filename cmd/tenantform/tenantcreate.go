package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/tenants"
)

// creation is what "tenant create" was asked for.
type creation struct {
	writing
	file                           string
	skipExisting, withoutFunctions bool
	origins                        []string
	tenant                         tenants.Tenant // from flags, when there is no file
}

// creationFlags are the names of a tenant's fields on the command line.
var creationFlags = map[string]string{
	"id": "TENANT", "name": "--name", "adminEmail": "--email", "tier": "--tier", "region": "--region", "costCenter": "--cost-center", "origins": "--origin",
}

func (a *app) tenantCreateCommand() *cobra.Command {
	var c creation
	cmd := &cobra.Command{
		Use:   "create TENANT --tier TIER --name NAME --email ADDRESS | create [TENANT...] --file tenants.yaml",
		Short: "Create tenants and bring up their stacks",
		Long: `Creates a tenant from flags, or tenants of a file: those that are named, or all
of them. A control plane makes an id from the name where no TENANT is given.

With --direct the functions that the file gives a tenant are deployed after it,
and a creation that failed goes on when it is asked for again. A control plane
deploys no functions, and goes on with "tenantform operation retry".`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("region") {
				c.tenant.Region = a.flags.region
			}
			h, err := a.house()
			if err != nil {
				return err
			}
			return h.create(cmd.Context(), c, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.tenant.Tier, "tier", "", "the tenant's tier")
	f.StringVar(&c.tenant.Name, "name", "", "the tenant's name, as people see it")
	f.StringVar(&c.tenant.AdminEmail, "email", "", "e-mail address of the tenant's administrator")
	f.StringVar(&c.tenant.CostCenter, "cost-center", "", "value of the cost-center tag (default: the tenant's id)")
	f.StringArrayVar(&c.origins, "origin", nil, `a web origin of the tenant's application, "https://acme.example" for example; may be repeated (not with --direct)`)
	f.StringVar(&c.file, "file", "", "a YAML file with tenants")
	f.BoolVar(&c.skipExisting, "skip-existing", false, "with --file: pass over tenants that exist already")
	f.BoolVar(&c.withoutFunctions, "without-functions", false, "with --file: create tenants without the functions that it gives them")
	c.add(cmd, "what would be done, and with --direct what would be created and what the policies say", "")
	_ = cmd.RegisterFlagCompletionFunc("tier", a.completeTiers)
	return cmd
}

// fromFlags gives the tenant that the flags describe.
func (c creation) fromFlags(ids []string) (tenants.Tenant, error) {
	t := c.tenant
	if len(ids) > 1 {
		return t, invalid("argument", ids[1], "nothing: without --file one tenant is created at a time")
	}
	if len(ids) == 1 {
		t.ID = ids[0]
	}
	t.Origins = c.origins
	return t, nil
}

// besideFile refuses flags that a file takes the place of.
func (c creation) besideFile() error {
	t := c.tenant
	for _, f := range []struct{ flag, value string }{
		{"--tier", t.Tier}, {"--name", t.Name}, {"--email", t.AdminEmail}, {"--cost-center", t.CostCenter},
	} {
		if f.value != "" {
			return invalid(f.flag, f.value, "nothing beside --file, which says it for each tenant")
		}
	}
	if len(c.origins) > 0 {
		return invalid("--origin", c.origins[0], "nothing beside --file")
	}
	return nil
}

// wantedOf gives those tenants of a file that are named, all where none is. The
// error names what the file lacks.
func (c creation) wantedOf(all []tenants.Tenant, ids []string) ([]tenants.Tenant, []tenants.FieldError) {
	var fields []tenants.FieldError
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(t tenants.Tenant) bool { return t.ID == id }) {
			fields = append(fields, tenants.FieldError{Source: c.file, Field: "TENANT", Value: id, Allowed: "one of " + shorten(strings.Join(idsOf(all), ", "), 200)})
		}
	}
	var wanted []tenants.Tenant
	for _, t := range all {
		if len(ids) > 0 && !slices.Contains(ids, t.ID) {
			continue
		}
		if c.withoutFunctions {
			t.Functions = nil
		}
		wanted = append(wanted, t)
	}
	return wanted, fields
}

// taken says that a tenant of a file exists already.
func (c creation) taken(id string) tenants.FieldError {
	return tenants.FieldError{Source: c.file, Field: "tenants." + id + ".id", Value: id,
		Allowed: "an id that no other tenant has; --skip-existing passes over those that exist"}
}
