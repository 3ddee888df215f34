package proxy

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
)

// bridge answers with what the test says and remembers what it was asked.
type bridge struct {
	rpc.ResourceProviderClient
	check   *rpc.CheckResponse
	diff    *rpc.DiffResponse
	err     error
	checked *rpc.CheckRequest
	asked   *rpc.DiffRequest
}

func (b *bridge) Check(_ context.Context, r *rpc.CheckRequest, _ ...grpc.CallOption) (*rpc.CheckResponse, error) {
	b.checked = r
	if b.check == nil {
		b.check = &rpc.CheckResponse{Inputs: r.News}
	}
	return b.check, b.err
}

func (b *bridge) Diff(_ context.Context, r *rpc.DiffRequest, _ ...grpc.CallOption) (*rpc.DiffResponse, error) {
	b.asked = r
	return b.diff, b.err
}

func newServer(t *testing.T, b *bridge, dir string) *Server {
	t.Helper()
	c, err := names.Default()
	if err != nil {
		t.Fatal(err)
	}
	return New(b, c, dir)
}

const (
	alarm    = "aws:cloudwatch/metricAlarm:MetricAlarm"
	alarmURN = "urn:pulumi:s::p::tenantform:pool:Pool$" + alarm + "::a"
)

func TestDiffIsTranslated(t *testing.T) {
	b := &bridge{diff: &rpc.DiffResponse{
		Replaces: []string{"alarmName"}, Diffs: []string{"alarmName"}, Stables: []string{"alarmName"},
		DetailedDiff: map[string]*rpc.PropertyDiff{"alarmName": {Kind: rpc.PropertyDiff_UPDATE_REPLACE}}, HasDetailedDiff: true,
	}}
	res, err := newServer(t, b, t.TempDir()).Diff(t.Context(), &rpc.DiffRequest{Urn: alarmURN, Type: alarm, IgnoreChanges: []string{"name"}})
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string][]string{"replaces": res.Replaces, "diffs": res.Diffs, "stables": res.Stables} {
		if len(got) != 1 || got[0] != "name" {
			t.Errorf("%s: %v", what, got)
		}
	}
	if res.DetailedDiff["name"].GetKind() != rpc.PropertyDiff_UPDATE_REPLACE || len(res.DetailedDiff) != 1 {
		t.Errorf("detailed: %v", res.DetailedDiff)
	}
	if b.asked.IgnoreChanges[0] != "alarmName" || b.asked.Type != "aws:index/cloudwatchMetricAlarm:CloudwatchMetricAlarm" ||
		b.asked.Urn != "urn:pulumi:s::p::tenantform:pool:Pool$aws:index/cloudwatchMetricAlarm:CloudwatchMetricAlarm::a" {
		t.Errorf("the bridge was asked %v", b.asked)
	}
}

func TestFailuresAreTranslated(t *testing.T) {
	b := &bridge{check: &rpc.CheckResponse{Failures: []*rpc.CheckFailure{{Property: "alarmName", Reason: "too long"}}}}
	s := newServer(t, b, t.TempDir())
	res, err := s.Check(t.Context(), &rpc.CheckRequest{Urn: alarmURN})
	if err != nil || len(res.Failures) != 1 || res.Failures[0].Property != "name" {
		t.Errorf("%v, %v", res, err)
	}
	b.err = status.Error(codes.Unknown, "creating aws:index/cloudwatchMetricAlarm:CloudwatchMetricAlarm: no")
	if _, err = s.Check(t.Context(), &rpc.CheckRequest{Urn: alarmURN}); err == nil || !strings.Contains(err.Error(), alarm) {
		t.Errorf("the error speaks of another type: %v", err)
	}
	if _, err = s.Check(t.Context(), &rpc.CheckRequest{Urn: "urn:pulumi:s::p::aws:redshift/cluster:Cluster::a"}); status.Code(err) != codes.Unimplemented {
		t.Errorf("a type that is not translated: %v", err)
	}
}

func zipOf(t *testing.T, text string) string {
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
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestArchivesAreFilesByContent(t *testing.T) {
	dir := t.TempDir()
	const token = "aws:lambda/function:Function"
	filename := func(path string) (string, string) {
		ar, err := archive.FromPath(path)
		if err != nil {
			t.Fatal(err)
		}
		news, err := marshal(resource.PropertyMap{"name": resource.NewProperty("f"), "code": resource.NewProperty(ar)})
		if err != nil {
			t.Fatal(err)
		}
		b := &bridge{}
		res, err := newServer(t, b, dir).Check(t.Context(), &rpc.CheckRequest{Urn: "urn:pulumi:s::p::" + token + "::f", Type: token, News: news})
		if err != nil {
			t.Fatal(err)
		}
		inputs, err := unmarshal(res.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		if !inputs["code"].IsArchive() || inputs["sourceCodeHash"].HasValue() || inputs["filename"].HasValue() {
			t.Errorf("the engine is given %v", inputs)
		}
		asked, err := unmarshal(b.checked.News)
		if err != nil {
			t.Fatal(err)
		}
		return asked["filename"].StringValue(), asked["sourceCodeHash"].StringValue()
	}
	first, firstHash := filename(zipOf(t, "one"))
	again, againHash := filename(zipOf(t, "one"))
	other, otherHash := filename(zipOf(t, "two"))
	if first != again || firstHash != againHash {
		t.Errorf("the same archive is %s and %s", first, again)
	}
	if first == other || firstHash == otherHash {
		t.Errorf("two archives are both %s", first)
	}
	if _, err := os.Stat(first); err != nil {
		t.Error(err)
	}
}
