package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/api/client"
	"github.com/tenantform/tenantform/internal/api/wire"
)

func (a *app) tenantUpdateCommand() *cobra.Command {
	var w writing
	var name, email, costCenter string
	var origins []string
	var version int64
	cmd := &cobra.Command{
		Use:   "update TENANT [--name NAME] [--email ADDRESS] [--cost-center VALUE] [--origin URL...]",
		Short: "Change what is known of a tenant",
		Args:  exactly("TENANT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			patch := wire.PatchTenant{Reason: w.reason}
			for flag, field := range map[string]struct {
				to    **string
				value *string
			}{"name": {&patch.Name, &name}, "email": {&patch.AdminEmail, &email}, "cost-center": {&patch.CostCenter, &costCenter}} {
				if cmd.Flags().Changed(flag) {
					*field.to = field.value
				}
			}
			if cmd.Flags().Changed("origin") {
				patch.Origins = &origins
			}
			if patch.Name == nil && patch.AdminEmail == nil && patch.CostCenter == nil && patch.Origins == nil {
				return invalid("--name, --email, --cost-center, --origin", "", "one of them at least")
			}
			ctx := cmd.Context()
			return cp.one(ctx, w, func(as *client.Write) (wire.Change, error) {
				return cp.api.PatchTenant(ctx, args[0], version, patch, as)
			})
		},
		ValidArgsFunction: a.completeTenants,
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "the tenant's name, as people see it")
	f.StringVar(&email, "email", "", "e-mail address of the tenant's administrator")
	f.StringVar(&costCenter, "cost-center", "", "value of the cost-center tag; empty: the tenant's id again")
	f.StringSliceVar(&origins, "origin", nil, "the web origins of the tenant's application, all of them; empty: none")
	f.Int64Var(&version, "if-version", 0, "change this version of the tenant only; a newer one is a conflict")
	w.add(cmd, "what would be done", "")
	return cmd
}

func (a *app) tenantActivateCommand() *cobra.Command {
	return a.tenantStateCommand("activate", "Wake a tenant that was put to rest", func(c *client.Client) func(context.Context, string, string, *client.Write) (wire.Change, error) {
		return c.ActivateTenant
	})
}

func (a *app) tenantDeactivateCommand() *cobra.Command {
	return a.tenantStateCommand("deactivate", "Put a tenant to rest: its users are kept out, its data stays", func(c *client.Client) func(context.Context, string, string, *client.Write) (wire.Change, error) {
		return c.DeactivateTenant
	})
}

func (a *app) tenantReconcileCommand() *cobra.Command {
	return a.tenantStateCommand("reconcile", "Bring back what was changed of a tenant's infrastructure past the program", func(c *client.Client) func(context.Context, string, string, *client.Write) (wire.Change, error) {
		return c.ReconcileTenant
	})
}

// tenantStateCommand makes a command that asks for something with a reason only.
func (a *app) tenantStateCommand(verb, short string, method func(*client.Client) func(context.Context, string, string, *client.Write) (wire.Change, error)) *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use:   verb + " TENANT",
		Short: short,
		Args:  exactly("TENANT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			return cp.one(ctx, w, func(as *client.Write) (wire.Change, error) { return method(cp.api)(ctx, args[0], w.reason, as) })
		},
		ValidArgsFunction: a.completeTenants,
	}
	w.add(cmd, "the steps", "")
	return cmd
}

func (a *app) tenantProductsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "products", Short: "List, set and remove what a tenant has licences for"}
	cmd.AddCommand(a.productsListCommand(), a.productsSetCommand(), a.productsRemoveCommand())
	group(cmd)
	return cmd
}

func (a *app) productsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list TENANT",
		Short: "List a tenant's products",
		Args:  exactly("TENANT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			all, err := cp.api.Products(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			a.show(all, func(w io.Writer) { writeProducts(w, args[0], all) })
			return nil
		},
		ValidArgsFunction: a.completeTenants,
	}
}

func writeProducts(w io.Writer, tenant string, all []wire.Product) {
	if len(all) == 0 {
		fmt.Fprintf(w, "tenant %s has no products\n", tenant)
		return
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "PRODUCT\tLICENCES\tSINCE")
	for _, p := range all {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", p.Name, licences(p.Licences), when(p.AddedAt))
	}
	_ = tw.Flush()
}

// licences gives a number of licences in words.
func licences(n int) string {
	if n == 0 {
		return "not counted"
	}
	return strconv.Itoa(n)
}

func (a *app) productsSetCommand() *cobra.Command {
	var licences int
	cmd := a.productCommand("set", "Give a tenant a product, or change its licences",
		func(ctx context.Context, api *client.Client, tenant, product, reason string, as *client.Write) (wire.Change, error) {
			return api.PutProduct(ctx, tenant, product, wire.PutProduct{Licences: licences, Reason: reason}, as)
		})
	cmd.Flags().IntVar(&licences, "licences", 0, "how many; 0: they are not counted")
	return cmd
}

func (a *app) productsRemoveCommand() *cobra.Command {
	return a.productCommand("remove", "Take a product from a tenant",
		func(ctx context.Context, api *client.Client, tenant, product, reason string, as *client.Write) (wire.Change, error) {
			return api.DeleteProduct(ctx, tenant, product, reason, as)
		})
}

// productCommand makes a command that changes one product of a tenant.
func (a *app) productCommand(verb, short string, do func(ctx context.Context, api *client.Client, tenant, product, reason string, as *client.Write) (wire.Change, error)) *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use:   verb + " TENANT PRODUCT",
		Short: short,
		Args:  exactly("TENANT", "PRODUCT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			change, err := cp.write(w, map[string]string{"name": "PRODUCT", "licences": "--licences", "reason": "--reason"}, func(as *client.Write) (wire.Change, error) {
				return do(ctx, cp.api, args[0], args[1], w.reason, as)
			})
			if err != nil {
				return err
			}
			return cp.changed(ctx, w, []wire.Change{change}, nil, false)
		},
		ValidArgsFunction: a.completeTenants,
	}
	w.add(cmd, "what would be done", "")
	return cmd
}

func (a *app) tenantConfigCommand() *cobra.Command {
	var q client.ConfigQuery
	cmd := &cobra.Command{
		Use:   "config TENANT | config --origin URL | config --name NAME",
		Short: "Show what a tenant's application needs to know",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 || q.Origin == "" && q.Name == "" {
				if err := exactly("TENANT")(cmd, args); err != nil {
					return err
				}
				if q.Origin != "" || q.Name != "" {
					return invalid("TENANT", args[0], "nothing beside --origin and --name")
				}
				q.TenantID = args[0]
			}
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			got, err := cp.api.Config(cmd.Context(), q)
			if err != nil {
				return renamed(err, map[string]string{"origin": "--origin", "name": "--name"})
			}
			a.show(got.Config, func(w io.Writer) { writeConfig(w, got.Config) })
			return nil
		},
		ValidArgsFunction: a.completeTenants,
	}
	cmd.Flags().StringVar(&q.Origin, "origin", "", "the tenant whose application has this web origin")
	cmd.Flags().StringVar(&q.Name, "name", "", "the tenant of this name")
	return cmd
}

func writeConfig(w io.Writer, c wire.Config) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"tenant", c.TenantID}, {"name", c.Name}, {"tier", c.Tier}, {"model", c.Model}, {"region", c.Region}, {"status", c.Status},
		{"issuer", c.IssuerURL}, {"user pool", c.UserPoolID}, {"app client", c.AppClientID}, {"endpoint", c.Endpoint},
	} {
		if row[1] == "" {
			row[1] = "-"
		}
		fmt.Fprintf(tw, "%s\t%s\n", row[0], row[1])
	}
	_ = tw.Flush()
}
