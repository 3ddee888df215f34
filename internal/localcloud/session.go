package localcloud

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"google.golang.org/grpc/stats"
)

// session is one connection of an engine: one provider resource of one stack.
type session struct {
	cancelled chan struct{}
	cancel    func()

	mu         sync.RWMutex
	configured bool
	settings   settings
}

// settings are what Configure told.
type settings struct {
	at          place
	caller      string // the ARN of who calls
	defaultTags map[string]string
}

type sessionKey struct{}

// connections gives every connection a session.
type connections struct{}

var _ stats.Handler = connections{}

func (connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	s := &session{cancelled: make(chan struct{})}
	s.cancel = sync.OnceFunc(func() { close(s.cancelled) })
	return context.WithValue(ctx, sessionKey{}, s)
}

func (connections) HandleConn(ctx context.Context, event stats.ConnStats) {
	if _, ended := event.(*stats.ConnEnd); ended {
		if s := sessionOf(ctx); s != nil {
			s.cancel()
		}
	}
}

func (connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (connections) HandleRPC(context.Context, stats.RPCStats) {}

func sessionOf(ctx context.Context) *session {
	s, _ := ctx.Value(sessionKey{}).(*session)
	return s
}

func (s *session) configure(v settings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.configured, s.settings = true, v
}

func (s *session) get() (settings, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.settings, s.configured
}

// settingsFrom works out where a provider with this configuration works. Its
// account is that of the role it assumes; else that of the credentials.
func (o Options) settingsFrom(config resource.PropertyMap) (settings, error) {
	values := map[string]any{}
	for name, v := range config {
		values[string(name)] = configValue(v)
	}
	s := settings{at: place{region: textOf(values["region"])}}
	if s.at.region == "" {
		s.at.region = o.Region
	}
	if s.at.region == "" {
		return settings{}, fmt.Errorf("invalid AWS Region: missing; set aws:region or the provider's region")
	}
	allowed := texts(values["allowedAccountIds"])
	s.at.account = o.AccountID
	if s.at.account == "" {
		s.at.account = defaultAccount
		if len(allowed) == 1 {
			s.at.account = allowed[0]
		}
	}
	s.caller = fmt.Sprintf("arn:%s:iam::%s:user/local", partition(s.at.region), s.at.account)
	if role := assumedRole(values); role != "" {
		parts := strings.SplitN(role, ":", 6)
		if len(parts) != 6 || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") || len(parts[4]) != 12 {
			return settings{}, fmt.Errorf("assumeRole: %q is not the ARN of a role", role)
		}
		s.at.account = parts[4]
		name := role[strings.LastIndex(role, "/")+1:]
		s.caller = fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/tenantform", parts[1], parts[4], name)
	}
	if len(allowed) > 0 && !slices.Contains(allowed, s.at.account) || slices.Contains(texts(values["forbiddenAccountIds"]), s.at.account) {
		return settings{}, fmt.Errorf("AWS account ID not allowed: %s", s.at.account)
	}
	if tags, ok := values["defaultTags"].(map[string]any); ok {
		s.defaultTags = map[string]string{}
		if inner, ok := tags["tags"].(map[string]any); ok {
			for name, v := range inner {
				s.defaultTags[name] = textOf(v)
			}
		}
	}
	return s, nil
}

// assumedRole gives the last role in a chain: the one in whose account the
// provider works.
func assumedRole(values map[string]any) string {
	roles, _ := values["assumeRoles"].([]any)
	for _, key := range []string{"assumeRole", "assumeRoleWithWebIdentity"} {
		if one, ok := values[key].(map[string]any); ok {
			roles = append(roles, one)
		}
	}
	arn := ""
	for _, r := range roles {
		if m, ok := r.(map[string]any); ok && textOf(m["roleArn"]) != "" {
			arn = textOf(m["roleArn"])
		}
	}
	return arn
}

// configValue gives a value of a provider's configuration, in which lists and
// objects may be written as JSON.
func configValue(v resource.PropertyValue) any {
	v = reveal(v)
	if v.IsString() {
		if text := v.StringValue(); text != "" && (text[0] == '{' || text[0] == '[') {
			return configScalar(v)
		}
	}
	return plain(v)
}

// configScalar decodes a text that may be JSON.
func configScalar(v resource.PropertyValue) any {
	text := reveal(v).StringValue()
	var decoded any
	if json.Unmarshal([]byte(text), &decoded) == nil {
		return decoded
	}
	return text
}

func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, textOf(e))
	}
	return out
}
