package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/automation"
)

func (a *app) stackRepairCommand() *cobra.Command {
	var adopt, drop []string
	cmd := &cobra.Command{
		Use:   "repair STACK [--adopt URN=ID]... [--drop URN]...",
		Short: "Mend what a killed run left of a stack: its lock, and what was under way",
		Long: `Repair clears the lock of a process that is dead and settles the operations that
a killed run had under way. Every other command does so by itself; this one is
for a creation of which nothing here can tell whether it came to a resource.
Look for the resource in the cloud, and say what you found.`,
		Args: exactly("STACK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			settle := map[string]string{}
			for _, pair := range adopt {
				urn, id, ok := strings.Cut(pair, "=")
				if !ok || id == "" || !strings.HasPrefix(urn, "urn:pulumi:") {
					return invalid("--adopt", pair, "URN=ID, the URN as the message has it")
				}
				settle[urn] = id
			}
			for _, urn := range drop {
				if !strings.HasPrefix(urn, "urn:pulumi:") {
					return invalid("--drop", urn, "a URN, as the message has it")
				}
				settle[urn] = ""
			}
			repair := func(e *automation.Engine, ctx context.Context, s automation.Stack) (automation.Result, error) {
				s.Settle = settle
				return e.Repair(ctx, s)
			}
			return a.onStack(cmd.Context(), args[0], repair, "is in order")
		},
	}
	cmd.Flags().StringArrayVar(&adopt, "adopt", nil, "the resource with this URN exists and has this id")
	cmd.Flags().StringArrayVar(&drop, "drop", nil, "there is no resource for this URN")
	return cmd
}
