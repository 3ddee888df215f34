package analyzer_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tenantform/tenantform/policies/analyzer"
)

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type config = map[string]*pulumirpc.PolicyConfig

func settings(t *testing.T, level pulumirpc.EnforcementLevel, properties map[string]any) *pulumirpc.PolicyConfig {
	t.Helper()
	return &pulumirpc.PolicyConfig{EnforcementLevel: level, Properties: fields(t, properties)}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	advisory  = pulumirpc.EnforcementLevel_ADVISORY
	mandatory = pulumirpc.EnforcementLevel_MANDATORY
	remediate = pulumirpc.EnforcementLevel_REMEDIATE
	disabled  = pulumirpc.EnforcementLevel_DISABLED
)

func TestLevels(t *testing.T) {
	lowered := write(t, "levels.yaml", "enforcement:\n  - rule: log_group_retention\n    environment: dev\n    level: advisory\n")
	waived := write(t, "waivers.yaml", `waivers:
  - rule: log_group_retention
    stack: s
    resource: "aws:cloudwatch/logGroup:LogGroup logs"
    reason: the auditor keeps these for ever
    owner: audit team
    expires: "`+soon()+`"
`)
	for name, tt := range map[string]struct {
		config config
		want   pulumirpc.EnforcementLevel
		shown  bool
	}{
		"as it is":           {config{"log_group_retention": settings(t, mandatory, nil)}, mandatory, true},
		"the engine's":       {config{"log_group_retention": settings(t, advisory, nil)}, advisory, true},
		"disabled":           {config{"log_group_retention": settings(t, disabled, nil)}, 0, false},
		"of another rule":    {config{"log_group_encrypted": settings(t, remediate, nil)}, mandatory, true},
		"a file's":           {config{analyzer.PackName: settings(t, mandatory, map[string]any{"environment": "dev", "levels": lowered})}, advisory, true},
		"a file's elsewhere": {config{analyzer.PackName: settings(t, mandatory, map[string]any{"levels": lowered})}, mandatory, true},
		"waived":             {config{analyzer.PackName: settings(t, mandatory, map[string]any{"waivers": waived})}, advisory, true},
	} {
		c := dial(t, compiled(t))
		if _, err := c.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: tt.config}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := c.Analyze(t.Context(), request(t, logGroup, "logs", nil))
		if err != nil {
			t.Fatal(err)
		}
		shown := slices.Contains(rulesOf(got.GetDiagnostics(), tt.want), "log_group_retention")
		if shown != tt.shown || len(rulesOf(got.GetDiagnostics(), disabled)) > 0 {
			t.Errorf("%s: shown %v: %v", name, shown, got.GetDiagnostics())
		}
	}
}

// TestChosenLevels gives levels to a rule that is advisory in dev by itself, beside
// what the engine passes for a rule that its config does not name.
func TestChosenLevels(t *testing.T) {
	raised := write(t, "levels.yaml", "enforcement:\n  - rule: dynamodb_point_in_time_recovery\n    level: mandatory\n")
	for name, tt := range map[string]struct {
		level pulumirpc.EnforcementLevel // none: what GetAnalyzerInfo announces
		all   map[string]any
		want  pulumirpc.EnforcementLevel
		shown bool
	}{
		"nothing chosen":              {-1, map[string]any{"environment": "dev"}, advisory, true},
		"mandatory":                   {mandatory, map[string]any{"environment": "dev"}, mandatory, true},
		"advisory":                    {advisory, map[string]any{"environment": "dev"}, advisory, true},
		"disabled":                    {disabled, map[string]any{"environment": "dev"}, 0, false},
		"nothing in production":       {-1, nil, mandatory, true},
		"advisory in production":      {advisory, nil, advisory, true},
		"nothing beside a file":       {-1, map[string]any{"environment": "dev", "levels": raised}, mandatory, true},
		"advisory in spite of a file": {advisory, map[string]any{"environment": "dev", "levels": raised}, advisory, true},
	} {
		c := dial(t, compiled(t))
		info, err := c.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		whole := config{}
		for _, p := range info.GetPolicies() {
			whole[p.GetName()] = settings(t, p.GetEnforcementLevel(), nil)
		}
		whole[analyzer.PackName] = settings(t, mandatory, tt.all)
		if tt.level >= 0 {
			whole["dynamodb_point_in_time_recovery"] = settings(t, tt.level, nil)
		}
		if _, err := c.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: whole}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := c.Analyze(t.Context(), request(t, "aws:dynamodb/table:Table", "items", map[string]any{"name": "items"}))
		if err != nil {
			t.Fatal(err)
		}
		shown := slices.ContainsFunc(got.GetDiagnostics(), func(d *pulumirpc.AnalyzeDiagnostic) bool {
			return d.GetPolicyName() == "dynamodb_point_in_time_recovery"
		})
		if shown != tt.shown || shown && !slices.Contains(rulesOf(got.GetDiagnostics(), tt.want), "dynamodb_point_in_time_recovery") {
			t.Errorf("%s: %v", name, got.GetDiagnostics())
		}
	}
}

func TestConfigureRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		config config
		want   string
	}{
		"a field that is none": {config{analyzer.PackName: settings(t, mandatory, map[string]any{"stage": "dev"})}, "stage"},
		"another environment":  {config{analyzer.PackName: settings(t, mandatory, map[string]any{"environment": "qa"})}, "production"},
		"another tier":         {config{analyzer.PackName: settings(t, mandatory, map[string]any{"tiers": []any{"gold"}})}, "gold"},
		"another program":      {config{analyzer.PackName: settings(t, mandatory, map[string]any{"program": "mine"})}, "platform"},
		"a file that is not":   {config{analyzer.PackName: settings(t, mandatory, map[string]any{"levels": "none.yaml"})}, "none.yaml"},
		"no rule":              {config{"no_such_rule": settings(t, mandatory, nil)}, "no_such_rule"},
		"a rule's property":    {config{"s3_access_logs": settings(t, mandatory, map[string]any{"days": 3})}, "s3_access_logs"},
		"a remedy of nothing":  {config{"log_group_retention": settings(t, remediate, nil)}, "log_group_retention.days"},
		"never waived":         {config{"tenant_data_deletion": settings(t, disabled, nil)}, "tenant_data_deletion"},
	} {
		opts, _ := builtIn(t)
		if name == "never waived" {
			opts = compiled(t) // the rules' own check
		}
		_, err := dial(t, opts).Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: tt.config})
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRemediate(t *testing.T) {
	all := config{
		analyzer.PackName:        settings(t, mandatory, map[string]any{"program": "tenant", "tenantId": "acme", "tiers": []any{"premium"}}),
		"log_group_retention":    settings(t, remediate, map[string]any{"days": 30}),
		"s3_public_access_block": settings(t, remediate, nil),
		"tenant_tags":            settings(t, remediate, nil),
	}
	tags := map[string]any{"tenant-id": "acme", "tier": "premium", "model": "silo"}
	on := map[string]any{"blockPublicAcls": true, "blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": true}
	hidden := map[string]any{signature: secret, "value": canary}
	for name, tt := range map[string]struct {
		config       config
		typ          string
		inputs, want map[string]any // nil: nothing is changed
	}{
		"nothing was asked":      {config{}, logGroup, nil, nil},
		"a log group":            {all, logGroup, map[string]any{"tags": tags, "key": hidden, "__defaults": []any{}}, map[string]any{"tags": tags, "key": hidden, "__defaults": []any{}, "retentionInDays": 30.0}},
		"logs for ever":          {all, logGroup, map[string]any{"tags": tags, "retentionInDays": 0}, map[string]any{"tags": tags, "retentionInDays": 30.0}},
		"it is right":            {all, logGroup, map[string]any{"tags": tags, "retentionInDays": 7}, nil},
		"it is not known":        {all, logGroup, map[string]any{"tags": tags, "retentionInDays": unknown}, nil},
		"some tags":              {all, logGroup, map[string]any{"tags": map[string]any{"a": "b"}, "retentionInDays": 7}, map[string]any{"tags": map[string]any{"a": "b", "tenant-id": "acme", "tier": "premium", "model": "silo"}, "retentionInDays": 7.0}},
		"another tenant's":       {all, logGroup, map[string]any{"tags": map[string]any{"tenant-id": "birch", "tier": "premium", "model": "silo"}, "retentionInDays": 7}, nil},
		"tags that are a secret": {all, logGroup, map[string]any{"tags": hidden, "retentionInDays": 7}, nil},
		"both":                   {all, logGroup, nil, map[string]any{"tags": tags, "retentionInDays": 30.0}},
		"a block":                {all, block, map[string]any{"bucket": unknown, "blockPublicAcls": true}, with(on, "bucket", unknown)},
		"a block that is off":    {all, block, map[string]any{"bucket": "b", "blockPublicAcls": false, "blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": true}, nil},
	} {
		opts, _ := builtIn(t)
		c := dial(t, opts)
		if _, err := c.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: tt.config}); err != nil {
			t.Fatal(err)
		}
		got, err := c.Remediate(t.Context(), request(t, tt.typ, "r", tt.inputs))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var now *structpb.Struct
		for _, r := range got.GetRemediations() {
			now = r.GetProperties()
		}
		if (now == nil) != (tt.want == nil) || now != nil && asJSON(t, now.AsMap()) != asJSON(t, tt.want) {
			t.Errorf("%s: the inputs are %v, want %v", name, now, tt.want)
		}
	}
}

func with(m map[string]any, key string, v any) map[string]any {
	out := maps.Clone(m)
	out[key] = v
	return out
}

// soon is a day on which a waiver still holds.
func soon() string { return time.Now().AddDate(0, 1, 0).Format(time.DateOnly) }

// TestExample takes the config of examples/policy-pack as the engine passes it on.
func TestExample(t *testing.T) {
	dir, err := filepath.Abs("../../examples/policy-pack")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	var given map[string]any
	if err := json.Unmarshal(text, &given); err != nil {
		t.Fatal(err)
	}
	levels := map[any]pulumirpc.EnforcementLevel{nil: mandatory, "advisory": advisory, "remediate": remediate}
	all := config{}
	for id, v := range given {
		properties, isObject := v.(map[string]any)
		if !isObject {
			all[id] = settings(t, levels[v], nil)
			continue
		}
		level := levels[properties["enforcementLevel"]]
		delete(properties, "enforcementLevel")
		all[id] = settings(t, level, properties)
	}
	c := dial(t, compiled(t))
	if _, err := c.Handshake(t.Context(), &pulumirpc.AnalyzerHandshakeRequest{ProgramDirectory: &dir}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: all}); err != nil {
		t.Error(err)
	}
}
