package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// The programs.
const (
	platform  = "platform"
	pool      = "pool"
	tenant    = "tenant"
	functions = "functions"
	rails     = "guardrails"
)

func programs() []string { return []string{platform, pool, tenant, functions, rails} }

// settings is the stack configuration. A field's json tag is the key; its need
// tag names the programs that must have it, its may tag those that can.
type settings struct {
	Program            string             `json:"program" need:"platform pool tenant functions guardrails"`
	Environment        string             `json:"environment" need:"platform pool tenant functions guardrails"`
	Region             string             `json:"region" need:"platform pool tenant functions guardrails"`
	AccountID          string             `json:"accountId" need:"platform pool tenant functions guardrails"`
	FunctionsAccountID string             `json:"functionsAccountId" need:"platform pool tenant functions guardrails"`
	Cell               string             `json:"cell" need:"pool"`
	Tiers              []tenants.Tier     `json:"tiers" need:"pool"`
	Released           bool               `json:"released" may:"platform pool guardrails"`
	Services           []string           `json:"services" may:"platform"`
	Publishers         []string           `json:"publishers" may:"platform"`
	Signers            []string           `json:"signers" may:"platform"`
	SigningProfile     string             `json:"signingProfile" may:"platform"`
	EventLockDays      int                `json:"eventLockDays" may:"platform"`
	Alarms             []string           `json:"alarms" may:"platform"`
	Zones              []string           `json:"zones" may:"tenant"`
	FunctionsZones     []string           `json:"functionsZones" may:"platform"`
	TenantID           string             `json:"tenantId" need:"tenant functions"`
	Name               string             `json:"name" need:"tenant"`
	CostCenter         string             `json:"costCenter" may:"tenant functions"`
	Placements         []placement        `json:"placements" need:"tenant"`
	NetworkCIDR        string             `json:"networkCidr" may:"tenant"`
	Worker             *stacks.Worker     `json:"worker" may:"tenant"`
	PlatformRegion     string             `json:"platformRegion" may:"tenant"`
	Tier               tenants.Tier       `json:"tier" need:"functions"`
	Functions          []tenants.Function `json:"functions" may:"functions"`
	Unsigned           bool               `json:"unsigned" may:"functions"`

	Deployers         []string             `json:"deployers" need:"guardrails"`
	Organization      *stacks.Organization `json:"organization" may:"guardrails"`
	TrailKeyARN       string               `json:"trailKeyArn" may:"guardrails"`
	GlobalElsewhere   bool                 `json:"globalElsewhere" may:"guardrails"`
	ServiceRoleExists bool                 `json:"serviceRoleExists" may:"guardrails"`
	Without           []string             `json:"without" may:"guardrails"`
}

// placement is an element of the key placements.
type placement struct {
	Model    tenants.Model `json:"model"`
	Cell     string        `json:"cell"`
	Tier     tenants.Tier  `json:"tier"`
	Released bool          `json:"released"`
}

// load gives the program that the configuration of a stack names. The error is
// CodeInvalid and has a field for every key that is missing, unknown, or of a
// value that is not allowed. root is where Pulumi.yaml is.
func load(project, stack, root string, config map[string]string) (pulumi.RunFunc, error) {
	s, faults := read(project, config)
	if len(faults) > 0 {
		return nil, invalid(project, faults)
	}
	program, name, err := s.program(root)
	if err != nil {
		if e, ok := errors.AsType[*tenants.Error](err); ok {
			return nil, invalid(project, e.Fields)
		}
		return nil, err
	}
	if stack != name {
		return nil, invalid(project, []tenants.FieldError{{Field: "program", Value: s.Program,
			Allowed: fmt.Sprintf("only in the stack %s, not in %s: other stacks find it by its name", name, stack)}})
	}
	return program, nil
}

// invalid names the fields as the configuration does.
func invalid(project string, faults []tenants.FieldError) error {
	for i := range faults {
		faults[i].Field = project + ":" + faults[i].Field
	}
	return &tenants.Error{Code: tenants.CodeInvalid, Message: "the stack's configuration is not valid", Fields: faults}
}

// read decodes the configuration's keys of the project. Pulumi fills in the
// defaults of Pulumi.yaml, so that an empty value means that the key is not set.
func read(project string, config map[string]string) (settings, []tenants.FieldError) {
	var s settings
	var faults []tenants.FieldError
	given := map[string]string{}
	for key, value := range config {
		if name, ok := strings.CutPrefix(key, project+":"); ok && !slices.Contains([]string{"", "[]", "{}", "false", "0"}, value) {
			given[name] = value
		}
	}
	program := given["program"]
	if !slices.Contains(programs(), program) {
		return s, []tenants.FieldError{{Field: "program", Value: program, Allowed: "one of " + strings.Join(programs(), ", ")}}
	}
	v := reflect.ValueOf(&s).Elem()
	var known []string
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := f.Tag.Get("json")
		value, set := given[key]
		delete(given, key)
		need := slices.Contains(strings.Fields(f.Tag.Get("need")), program)
		may := slices.Contains(strings.Fields(f.Tag.Get("may")), program)
		if need || may {
			known = append(known, key)
		}
		switch {
		case set && !need && !may:
			faults = append(faults, tenants.FieldError{Field: key, Value: value, Allowed: "nothing: it is not a key of the program " + program})
		case set:
			faults = append(faults, decode(key, value, v.Field(i))...)
		case need:
			faults = append(faults, tenants.FieldError{Field: key, Allowed: describe(f.Type)})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		faults = append(faults, tenants.FieldError{Field: key, Value: given[key], Allowed: "the keys " + strings.Join(known, ", ")})
	}
	return s, faults
}

// decode sets a field from a value of the configuration: text as it is, anything
// else as JSON.
func decode(key, value string, field reflect.Value) []tenants.FieldError {
	if field.Kind() == reflect.String {
		field.SetString(value)
		return nil
	}
	var tree any
	if err := json.Unmarshal([]byte(value), &tree); err != nil {
		return []tenants.FieldError{{Field: key, Value: value, Allowed: describe(field.Type())}}
	}
	if faults := compare(key, tree, field.Type()); len(faults) > 0 {
		return faults
	}
	if err := json.Unmarshal([]byte(value), field.Addr().Interface()); err != nil {
		return []tenants.FieldError{{Field: key, Value: value, Allowed: describe(field.Type())}}
	}
	return nil
}

// program gives the program and the name that its stack must have.
func (s settings) program(root string) (pulumi.RunFunc, string, error) {
	common := stacks.Settings{Environment: s.Environment, Region: s.Region, AccountID: s.AccountID, FunctionsAccountID: s.FunctionsAccountID,
		Zones: s.Zones, FunctionsZones: s.FunctionsZones}
	switch s.Program {
	case platform:
		spec := stacks.PlatformSpec{
			Settings: common, Services: s.Services, Publishers: s.Publishers, Signers: s.Signers, SigningProfile: s.SigningProfile,
			EventLockDays: s.EventLockDays, Alarms: s.Alarms, Released: s.Released,
		}
		return stacks.Platform(spec), tenants.PlatformStackName, spec.Validate()
	case rails:
		spec := stacks.GuardrailsSpec{
			Settings: common, Deployers: s.Deployers, Organization: s.Organization, TrailKeyARN: s.TrailKeyARN,
			GlobalElsewhere: s.GlobalElsewhere, ServiceRoleExists: s.ServiceRoleExists, Without: s.Without, Released: s.Released,
		}
		return stacks.Guardrails(spec), stacks.GuardrailsStackName, spec.Validate()
	case pool:
		spec := stacks.PoolSpec{Settings: common, Cell: s.Cell, Tiers: s.Tiers, Released: s.Released}
		return stacks.Pool(spec), tenants.PoolStackName(s.Cell), spec.Validate()
	case tenant:
		spec := stacks.TenantSpec{Settings: common, TenantID: s.TenantID, Name: s.Name, CostCenter: s.CostCenter, NetworkCIDR: s.NetworkCIDR,
			Worker: s.Worker, PlatformRegion: s.PlatformRegion}
		if s.Worker != nil {
			s.Worker.Archive = under(root, s.Worker.Archive)
		}
		for _, p := range s.Placements {
			spec.Placements = append(spec.Placements, stacks.Placement{
				Placement: tenants.Placement{Model: p.Model, Cell: p.Cell}, Tier: p.Tier, Released: p.Released,
			})
		}
		return stacks.Tenant(spec), tenants.StackName(s.TenantID), spec.Validate()
	}
	spec := stacks.FunctionsSpec{Settings: common, TenantID: s.TenantID, CostCenter: s.CostCenter, Tier: s.Tier, Functions: s.Functions, Unsigned: s.Unsigned}
	for i, f := range spec.Functions {
		spec.Functions[i].Archive = under(root, f.Archive)
		for j, l := range f.Layers {
			f.Layers[j] = under(root, l)
		}
	}
	return stacks.Functions(spec), tenants.FunctionsStackName(s.TenantID), spec.Validate()
}

// under makes a relative path one from the directory of Pulumi.yaml; an empty
// path stays empty, so that it is seen to be missing.
func under(root, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(root, path)
}
