package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Ask the policies about a plan"}
	cmd.AddCommand(a.policyCheckCommand())
	return cmd
}

func (a *app) policyCheckCommand() *cobra.Command {
	var subject policies.Subject
	var release string
	cmd := &cobra.Command{
		Use:   "check [FILE|-]",
		Short: "Decide on the output of \"pulumi preview --json --show-sames\"",
		Long: `Reads what "pulumi preview --json --show-sames" printed, from a file or from
standard input, and gives the policies' verdict on it. Exit code 3 means that
they refuse it. What the flags do not say is unknown to the rules, which then
check what can be checked without it.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("environment") {
				subject.Environment = a.flags.environment
			}
			if cmd.Flags().Changed("region") {
				subject.Region = a.flags.region
			}
			if cmd.Flags().Changed("account") {
				subject.Account = a.flags.account
			}
			if release != "" {
				subject.Release = &policies.Release{Kind: release}
			}
			file := "-"
			if len(args) > 0 {
				file = args[0]
			}
			return a.policyCheck(cmd.Context(), file, subject)
		},
	}
	f := cmd.Flags()
	f.StringVar(&subject.Program, "program", "", "platform, pool, tenant or functions; a program of another kind when empty")
	f.StringVar(&subject.TenantID, "tenant", "", "the tenant that the stack belongs to")
	f.StringArrayVar(&subject.Tiers, "tier", nil, "a tier that the stack's resources may carry; may be repeated")
	f.BoolVar(&subject.Destroy, "destroy", false, "the plan deletes the whole stack")
	f.StringVar(&release, "release", "", "delete: the deletion of the tenant is confirmed, so that its data may go")
	return cmd
}

func (a *app) policyCheck(ctx context.Context, file string, subject policies.Subject) error {
	catalogue, err := a.flags.catalogue()
	if err != nil {
		return err
	}
	if err := checkSubject(subject, catalogue); err != nil {
		return err
	}
	p, err := a.readPlan(file)
	if err != nil {
		return err
	}
	gate, err := policies.New(ctx, nil)
	if err != nil {
		return err
	}
	report, err := gate.Evaluate(ctx, policies.Input{Version: policies.InputVersion, Plan: p, Subject: subject, Catalogue: catalogue})
	if err != nil {
		return &failed{err: err, result: report}
	}
	a.show(report, func(w io.Writer) {
		fmt.Fprintf(w, "plan of stack %s: %s\n", p.Stack, planSummary(p.Changes()))
		writeReport(w, "", report)
	})
	if !report.Allowed() {
		return denied("the plan")
	}
	return nil
}

func checkSubject(s policies.Subject, c tenants.Catalogue) error {
	var fields []tenants.FieldError
	if s.Program != "" {
		fields = append(fields, oneOf("--program", s.Program, policies.ProgramPlatform, policies.ProgramPool, policies.ProgramTenant, policies.ProgramFunctions, policies.ProgramGuardrails)...)
	}
	if s.TenantID != "" {
		fields = append(fields, tenants.ValidateID("--tenant", s.TenantID)...)
	}
	for _, tier := range s.Tiers {
		fields = append(fields, oneOf("--tier", tier, c.Names()...)...)
	}
	if s.Release != nil {
		fields = append(fields, oneOf("--release", s.Release.Kind, policies.ReleaseDelete)...)
	}
	return tenants.Invalid(fields...)
}

// readPlan reads a plan from a file, or from standard input for "-".
func (a *app) readPlan(file string) (plan.Plan, error) {
	in := a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return plan.Plan{}, tenants.Errorf(tenants.CodeInvalid, "the preview cannot be read: %w", err)
		}
		defer f.Close()
		in = f
	} else {
		file = "standard input"
	}
	p, err := plan.FromPreviewJSON(in)
	if err == nil {
		return p, nil
	}
	if e, ok := errors.AsType[*tenants.Error](err); ok && len(e.Fields) > 0 {
		return p, refield(e, func(f *tenants.FieldError) { f.Source = file })
	}
	return p, &tenants.Error{Code: tenants.CodeInvalid, Cause: err,
		Message: file + ": " + oneLine(err.Error())}
}
