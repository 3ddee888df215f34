package analyzer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// PackName is the name of the policy pack, and of the policy that carries its
// settings and stands for the decision itself.
const PackName = "tenantform"

// Evaluator decides. *policies.Evaluator is one.
type Evaluator interface {
	Rules() []policies.Rule
	EvaluateScopes(ctx context.Context, in policies.Input, scopes ...string) (policies.Report, error)
}

var _ Evaluator = (*policies.Evaluator)(nil)

// Options are the optional settings of New.
type Options struct {
	// Version is the pack's, shown beside each finding. Empty: none is shown.
	Version string
	// Own are rules of one's own, as of policies.Options.
	Own []policies.Own
	// Evaluator makes what decides. Nil means policies.New.
	Evaluator func(context.Context, *policies.Options) (Evaluator, error)
}

// Server is a policy pack for one run of the engine. Make it with New.
type Server struct {
	pulumirpc.UnimplementedAnalyzerServer

	opts   Options
	ctx    context.Context // done after Cancel
	cancel context.CancelFunc

	mu             sync.Mutex
	dir            string // of the pack; relative paths of settings begin here
	project, stack string
	tags           map[string]string // of the stack
	base           Evaluator         // with the levels that rules have by themselves
	evaluator      Evaluator
	settings       settings
	catalogue      tenants.Catalogue
	seen           []plan.Resource // what Analyze was asked about, in order
	at             map[string]int  // in seen, by URN
	reported       map[found]bool  // what Analyze has answered
}

// found tells one finding from another.
type found struct{ rule, urn, property, message string }

func keyOf(f policies.Finding) found { return found{f.Rule, f.URN, f.Property, f.Message} }

var _ pulumirpc.AnalyzerServer = (*Server)(nil)

// New makes a server; its rules are compiled at once, and the error is
// policies.New's. Until it is configured it decides as in production.
func New(ctx context.Context, opts *Options) (*Server, error) {
	s := &Server{dir: "."}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.Evaluator == nil {
		s.opts.Evaluator = func(ctx context.Context, o *policies.Options) (Evaluator, error) { return policies.New(ctx, o) }
	}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.forget()
	var err error
	if s.catalogue, err = tenantfile.DefaultCatalogue(); err != nil {
		return nil, err
	}
	if s.base, err = s.opts.Evaluator(ctx, &policies.Options{Own: s.opts.Own}); err != nil {
		return nil, err
	}
	s.evaluator = s.base
	return s, nil
}

func (s *Server) forget() {
	s.seen, s.at, s.reported = nil, map[string]int{}, map[found]bool{}
}

// Handshake tells the server where its pack lies.
func (s *Server) Handshake(ctx context.Context, req *pulumirpc.AnalyzerHandshakeRequest) (*pulumirpc.AnalyzerHandshakeResponse, error) {
	return answer(ctx, s, func(context.Context) (*pulumirpc.AnalyzerHandshakeResponse, error) {
		if dir := req.GetProgramDirectory(); dir != "" {
			s.dir = dir
		}
		return &pulumirpc.AnalyzerHandshakeResponse{}, nil
	})
}

// ConfigureStack tells the server which stack it is about, and begins anew. The
// stack's configuration, which may hold secrets, is not looked at.
func (s *Server) ConfigureStack(ctx context.Context, req *pulumirpc.AnalyzerStackConfigureRequest) (*pulumirpc.AnalyzerStackConfigureResponse, error) {
	return answer(ctx, s, func(context.Context) (*pulumirpc.AnalyzerStackConfigureResponse, error) {
		s.project, s.stack, s.tags = req.GetProject(), req.GetStack(), req.GetTags()
		s.forget()
		return &pulumirpc.AnalyzerStackConfigureResponse{}, nil
	})
}

// GetPluginInfo gives no version: the pack's own is in GetAnalyzerInfo.
func (s *Server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

// GetAnalyzerInfo gives every rule as a policy.
func (s *Server) GetAnalyzerInfo(ctx context.Context, _ *emptypb.Empty) (*pulumirpc.AnalyzerInfo, error) {
	return answer(ctx, s, func(context.Context) (*pulumirpc.AnalyzerInfo, error) {
		return s.info()
	})
}

// Configure takes the settings and the levels that differ from those of GetAnalyzerInfo.
func (s *Server) Configure(ctx context.Context, req *pulumirpc.ConfigureAnalyzerRequest) (*emptypb.Empty, error) {
	return answer(ctx, s, func(ctx context.Context) (*emptypb.Empty, error) {
		return &emptypb.Empty{}, s.configure(ctx, req.GetPolicyConfig())
	})
}

// Analyze decides on one resource, by the rules that need no other. What is not
// known yet is left for AnalyzeStack, which knows where it comes from.
func (s *Server) Analyze(ctx context.Context, req *pulumirpc.AnalyzeRequest) (*pulumirpc.AnalyzeResponse, error) {
	return answer(ctx, s, func(ctx context.Context) (*pulumirpc.AnalyzeResponse, error) {
		r, err := single(req)
		if err != nil {
			return nil, err
		}
		if i, again := s.at[r.URN]; again {
			s.seen[i] = r
		} else {
			s.at[r.URN] = len(s.seen)
			s.seen = append(s.seen, r)
		}
		report, err := s.decide(ctx, []plan.Resource{r}, policies.ScopeResource)
		if err != nil {
			return nil, err
		}
		out := &pulumirpc.AnalyzeResponse{}
		for _, f := range report.Findings {
			if f.Unknown || f.Rule == policies.WaiverUnused {
				continue // it may be used by another resource
			}
			s.reported[keyOf(f)] = true
			out.Diagnostics = appendDiagnostic(out.Diagnostics, f, s.opts.Version)
		}
		return out, nil
	})
}

// AnalyzeStack decides on the whole stack, by all rules but those about
// operations, and gives what Analyze has not.
func (s *Server) AnalyzeStack(ctx context.Context, req *pulumirpc.AnalyzeStackRequest) (*pulumirpc.AnalyzeResponse, error) {
	return answer(ctx, s, func(ctx context.Context) (*pulumirpc.AnalyzeResponse, error) {
		resources, err := s.whole(req.GetResources())
		if err != nil {
			return nil, err
		}
		report, err := s.decide(ctx, resources, policies.ScopeResource, policies.ScopeStack)
		if err != nil {
			return nil, err
		}
		if report.Verdict != policies.VerdictAllow && len(report.Denials()) == 0 {
			return nil, errors.New("the decision is a denial without a finding")
		}
		out := &pulumirpc.AnalyzeResponse{}
		for _, f := range report.Findings {
			if !s.reported[keyOf(f)] {
				out.Diagnostics = appendDiagnostic(out.Diagnostics, f, s.opts.Version)
			}
		}
		for _, r := range s.evaluator.Rules() {
			if r.Scope == policies.ScopeOperation {
				out.NotApplicable = append(out.NotApplicable, &pulumirpc.PolicyNotApplicable{PolicyName: r.ID, Reason: noOperations})
			}
		}
		return out, nil
	})
}

const noOperations = "the engine does not tell a policy pack what happens to a resource; \"tenantform policy check\" and the gate decide on this rule"

// Cancel ends what goes on and refuses what comes.
func (s *Server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	s.cancel()
	return &emptypb.Empty{}, nil
}

// decide asks the rules of some scopes about resources.
func (s *Server) decide(ctx context.Context, resources []plan.Resource, scopes ...string) (policies.Report, error) {
	p := plan.Plan{Project: s.project, Stack: s.stack, Resources: resources}
	subject := s.settings.subject()
	subject.Tags = s.tags
	return s.evaluator.EvaluateScopes(ctx, policies.NewInput(p, subject, s.catalogue), scopes...)
}

// answer does the work of one call, one at a time, and makes of every failure a
// status that the engine ends the run for. It never is Unimplemented, which the
// engine takes for a pack that has nothing to say.
func answer[T any](ctx context.Context, s *Server, work func(context.Context) (T, error)) (out T, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none T
	defer func() {
		if p := recover(); p != nil {
			out, err = none, status.Error(codes.Internal, fmt.Sprintf("%s: the policy pack panicked: %v", PackName, p))
		}
	}()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(s.ctx, stop)()
	if err := ctx.Err(); err != nil || s.ctx.Err() != nil {
		return none, status.Error(codes.Canceled, PackName+": the run was cancelled")
	}
	out, err = work(ctx)
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return none, status.Error(codes.Canceled, PackName+": the run was cancelled")
	case tenants.CodeOf(err) == tenants.CodeInvalid:
		return none, status.Error(codes.InvalidArgument, PackName+": "+err.Error())
	}
	return none, status.Error(codes.Internal, PackName+": "+err.Error())
}

// rule finds a rule by its id.
func (s *Server) rule(id string) (policies.Rule, bool) {
	rules := s.evaluator.Rules()
	i := slices.IndexFunc(rules, func(r policies.Rule) bool { return r.ID == id })
	if i < 0 {
		return policies.Rule{}, false
	}
	return rules[i], true
}
