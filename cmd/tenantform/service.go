package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/api/wire"
)

func (a *app) serviceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "service", Short: "List the business services that take part in tenants' lives"}
	cmd.AddCommand(a.serviceListCommand())
	return cmd
}

func (a *app) serviceListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the catalogue of business services",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			all, err := cp.api.Services(cmd.Context())
			if err != nil {
				return err
			}
			a.show(all, func(w io.Writer) { writeServices(w, all) })
			return nil
		},
	}
}

func writeServices(w io.Writer, all []wire.Service) {
	if len(all) == 0 {
		fmt.Fprintln(w, "there are no business services in the catalogue")
		return
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "NAME\tOPERATIONS\tPRODUCTS\tTIMEOUT\tFAILURE\tDESCRIPTION")
	for _, s := range all {
		failure := "fails the operation"
		if s.Optional {
			failure = "is passed over"
		}
		products := "all tenants"
		if len(s.Products) > 0 {
			products = strings.Join(s.Products, ", ")
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, strings.Join(s.Operations, ", "), products,
			time.Duration(s.TimeoutSec)*time.Second, failure, shorten(s.Description, 50))
	}
	_ = tw.Flush()
}
