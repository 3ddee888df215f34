package controlplane

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/issuer"
	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
)

// DevStarted says where the parts are that only Dev has.
type DevStarted struct {
	TokenFile   string       `json:"tokenFile"` // with a token of the role delivery, renewed as long as the process runs
	ClientFile  string       `json:"clientFile"`
	Mails       string       `json:"mails"` // directory
	Issuer      string       `json:"issuer"`
	Temporal    string       `json:"temporal"`    // host:port
	DeadLetters string       `json:"deadLetters"` // directory
	Services    []DevService `json:"services"`
}

// DevService says how a business service is connected.
type DevService struct {
	Name       string `json:"name"`
	EventsURL  string `json:"eventsUrl"`  // its queue
	AnswersURL string `json:"answersUrl"` // where its answers go
}

// audience is what the tokens of dev's own issuer are for.
const audience = "tenantform"

// Lifetimes of dev's token. It is renewed long before it expires.
const (
	tokenLife  = 24 * time.Hour
	tokenRenew = 8 * time.Hour
)

// client is what says to a command where dev is.
type clientFile struct {
	URL       string `json:"url"`
	TokenFile string `json:"tokenFile"`
}

// ports are those that dev had the last time, and takes again where they are free.
type ports struct {
	API        int `json:"api"`
	Monitoring int `json:"monitoring"`
	Issuer     int `json:"issuer"`
	Temporal   int `json:"temporal"`
}

// dev is the development process.
type dev struct {
	*parts
	dir      string // absolute
	home     home
	path     string // of the temporal command
	temporal *workflows.DevServer
	issuer   *issuer.Issuer
}

// home are dev's listeners.
type home struct {
	api, monitoring, issuer net.Listener
	temporal                int // port
}

// Dev is the whole control plane on one machine: serving and working, a Temporal
// server of its own, an issuer of tokens, queues and mails in directories, the
// local cloud. At its first start it brings the shared stacks up. What it keeps is
// below the settings' directory; killed at any time and started again, it goes on.
// CodeConflict: another has the directory. CodeFailedPrecondition: a tool is
// missing, and what brings it.
func Dev(ctx context.Context, s *settings.Settings, opts *Options) (err error) {
	o := opts.filled()
	path, err := tools()
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(filepath.Join(s.Dir, "dev"))
	if err != nil {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "the directory %s cannot be found: %w", s.Dir, err)
	}
	release, err := hold(dir, "lock", "it is a control plane that runs; end it, or name another directory with --dir")
	if err != nil {
		return err
	}
	defer release()
	d := &dev{dir: dir, path: path}
	if err := endOrphans(d.file("temporal.db"), d.file("temporal.pid")); err != nil {
		return err
	}
	if d.home, err = d.listen(ctx, s); err != nil {
		return err
	}
	own := d.settings(*s)
	if d.parts, err = assemble(ctx, settings.Dev, &own, o); err != nil {
		d.home.close()
		return err
	}
	defer d.close()
	return d.run(ctx)
}

// tools looks for the commands that dev needs, and gives temporal's path.
func tools() (string, error) {
	const how = `; run "make dev" in a checkout, which builds what is missing and starts this, or name one in `
	path, err := workflows.FindTemporal(nearby("temporal")...)
	if err != nil {
		err = tenants.Errorf(tenants.CodeFailedPrecondition, "there is no temporal command%sTENANTFORM_TEMPORAL", how)
	}
	_, err2 := automation.FindPulumi(nearby("pulumi"))
	if err2 != nil {
		err2 = tenants.Errorf(tenants.CodeFailedPrecondition, "%w%sTENANTFORM_PULUMI", err2, how)
	}
	return path, errors.Join(err, err2)
}

func (d *dev) file(name string) string { return filepath.Join(d.dir, name) }

// listen takes the ports: those of the settings, or those of the last time, or free ones.
func (d *dev) listen(ctx context.Context, s *settings.Settings) (h home, err error) {
	var last ports
	if data, err := os.ReadFile(d.file("ports.json")); err == nil {
		_ = json.Unmarshal(data, &last) // of a damaged file none is taken over
	}
	at := func(name, address string, again int) net.Listener {
		if err != nil {
			return nil
		}
		host, port, _ := net.SplitHostPort(address)
		if port == "0" && again != 0 {
			if l, err := listen(ctx, name, joinPort(host, again)); err == nil {
				return l
			}
		}
		var l net.Listener
		l, err = listen(ctx, name, address)
		return l
	}
	h.api = at("server.address", s.Server.Address, last.API)
	h.monitoring = at("monitoring.address", s.Monitoring.Address, last.Monitoring)
	h.issuer = at("dev.issuerAddress", s.Dev.IssuerAddress, last.Issuer)
	temporal := at("dev.temporalPort", joinPort("127.0.0.1", s.Dev.TemporalPort), last.Temporal)
	if err != nil {
		h.close()
		return h, err
	}
	h.temporal = portOf(temporal)
	_ = temporal.Close()
	now := ports{API: portOf(h.api), Monitoring: portOf(h.monitoring), Issuer: portOf(h.issuer), Temporal: h.temporal}
	return h, writeJSON(d.file("ports.json"), now)
}

func (h home) close() {
	for _, l := range []net.Listener{h.api, h.monitoring, h.issuer} {
		if l != nil {
			_ = l.Close()
		}
	}
}

// settings gives the settings with what dev has of its own.
func (d *dev) settings(s settings.Settings) settings.Settings {
	s.Temporal.Address, s.Temporal.Namespace = joinPort("127.0.0.1", d.home.temporal), "default"
	s.Auth.Issuer, s.Auth.Audience = "http://"+d.home.issuer.Addr().String(), audience
	s.Server.PublicDocs = true
	s.Events.Answers = spool(d.file("answers"), "subscription=control-plane")
	s.Events.DeadLetters = spool(d.file("dead-letters"), "subscriptions=all")
	s.Events.Topic = spool(d.file("events"), "")
	return s
}

// spool gives the URL of a topic or queue in a directory.
func spool(dir, query string) string {
	return (&url.URL{Scheme: "spool", Path: dir, RawQuery: query}).String()
}

// run starts everything and works until ctx ends.
func (d *dev) run(ctx context.Context) error {
	s := d.parts.settings
	var names []string
	for _, each := range d.services.Services {
		names = append(names, each.Name)
	}
	if len(names) > 0 {
		s.Events.Topic = spool(d.file("events"), "subscriptions="+strings.Join(names, ","))
	}
	w, err := d.workshop(ctx)
	if err != nil {
		d.home.close()
		return err
	}
	if d.issuer, err = issuer.Open(issuer.Args{Dir: d.file("issuer"), URL: s.Auth.Issuer, Audience: audience}, nil); err != nil {
		d.home.close()
		return err
	}
	verifier, err := newVerifier(s)
	if err != nil {
		d.home.close()
		return err
	}
	err = sideBySide(ctx, d.startTemporal, func(ctx context.Context) error { return d.bringUp(ctx, w) })
	defer func() {
		if d.temporal != nil {
			_ = d.temporal.Stop()
			_ = os.Remove(d.file("temporal.pid"))
		}
	}()
	if err != nil || ctx.Err() != nil {
		d.home.close()
		return err
	}
	defer os.Remove(d.file("client.json"))
	if err := d.tell(); err != nil {
		d.home.close()
		return err
	}
	return d.watched(ctx, d.home.monitoring, func(ctx context.Context) error {
		return together(ctx, func(ctx context.Context) error { return d.serve(ctx, d.home.api, verifier) }, w.run)
	}, d.keepTemporal, d.renew, func(ctx context.Context) error { return d.issuer.Serve(ctx, d.home.issuer) })
}

// tell writes the token and where the API is, for commands, and says so.
func (d *dev) tell() error {
	if err := d.writeToken(); err != nil {
		return err
	}
	s := d.parts.settings
	at := "http://" + d.home.api.Addr().String()
	if err := writeJSON(d.file("client.json"), clientFile{URL: at, TokenFile: d.file("token")}); err != nil {
		return err
	}
	mails, err := filepath.Abs(s.Mail.Directory)
	if err != nil {
		return err
	}
	own := &DevStarted{
		TokenFile: d.file("token"), ClientFile: d.file("client.json"), Mails: mails, Issuer: s.Auth.Issuer, Temporal: s.Temporal.Address,
		DeadLetters: d.file("dead-letters"), Services: []DevService{},
	}
	for _, each := range d.services.Services {
		own.Services = append(own.Services, DevService{Name: each.Name, EventsURL: spool(d.file("events"), "subscription="+each.Name), AnswersURL: spool(d.file("answers"), "")})
	}
	d.options.Started(Started{API: at, Monitoring: "http://" + d.home.monitoring.Addr().String(), Dev: own})
	return nil
}

func (d *dev) writeToken() error {
	token, err := d.issuer.Token(issuer.Grant{Subject: "dev", Name: "Developer", Roles: []auth.Role{auth.RoleDelivery}, Lifetime: tokenLife})
	if err != nil {
		return err
	}
	return writePrivate(d.file("token"), []byte(token+"\n"))
}

// renew keeps the token in its file good.
func (d *dev) renew(ctx context.Context) error {
	t := time.NewTicker(tokenRenew)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if err := d.writeToken(); err != nil {
			d.options.Log.WarnContext(ctx, "the token was not renewed", "error", err)
		}
	}
}

// bringUp brings the shared stacks up, unless they are as this program and the
// catalogue have them.
func (d *dev) bringUp(ctx context.Context, w *workshop) error {
	names := []string{tenants.PlatformStackName}
	for _, t := range d.catalogue.Tiers {
		if name := tenants.PoolStackName(t.Cell); t.Model == tenants.ModelPool && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	digest, err := d.digest(names)
	if err != nil {
		return err
	}
	have, err := w.engine.Stacks(ctx)
	if err != nil {
		return err
	}
	missing := slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(have, n) })
	if before, err := os.ReadFile(d.file("shared-stacks")); err == nil && string(before) == digest && !missing {
		return nil
	}
	d.options.Note("the shared stacks come up: " + strings.Join(names, ", "))
	var up []func(context.Context) error
	for _, name := range names {
		up = append(up, func(ctx context.Context) error {
			stack, err := d.lifecycle.Stack(ctx, name)
			if err == nil {
				_, err = w.engine.Up(ctx, stack)
			}
			return err
		})
	}
	if err := sideBySide(ctx, up...); err != nil {
		return err
	}
	return writePrivate(d.file("shared-stacks"), []byte(digest))
}
