package settings

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// together checks what settings mean for each other.
func (l *loading) together() {
	l.needed()
	l.accounts()
	l.server()
	l.store()
	l.files()
	l.mail()
	l.lists()
}

// add notes a fault, unless the setting has one already.
func (l *loading) add(name, value, allowed string) {
	if !l.refused[name] {
		l.refused[name] = true
		l.faults = append(l.faults, l.s.Fault(name, value, allowed))
	}
}

func (l *loading) needed() {
	if l.args.Partial {
		return
	}
	for _, f := range l.fields {
		text, ok := f.to.(*string)
		if ok && *text == "" && slices.Contains(f.Needed, l.args.Process) {
			l.add(f.Name, "", strings.TrimSuffix(f.Doc, "; dev has its own"))
		}
	}
}

func (l *loading) accounts() {
	s, p := l.s, l.args.Process
	if p == Dev && s.Target != TargetLocal {
		l.add("target", s.Target, "local: dev runs nowhere else")
	}
	if s.Target != TargetLocal && (p == Work || p == Serve) && !l.args.Partial {
		for _, each := range [][2]string{{"account", s.Account}, {"functionsAccount", s.FunctionsAccount}} {
			if each[1] == "" {
				l.add(each[0], "", "an AWS account id, 12 digits: with the target "+s.Target+" nothing is guessed")
			}
		}
	}
	if s.Account != "" && s.Account == s.FunctionsAccount {
		l.add("functionsAccount", s.FunctionsAccount, "an account other than account: tenants' own code is kept apart from the core")
	}
	if p == Work && s.Target == TargetEmulator && l.args.Env["AWS_ENDPOINT_URL"] == "" {
		l.faults = append(l.faults, source{rank: byEnv, name: "AWS_ENDPOINT_URL"}.fault("", "", `the emulator's address, "http://localhost:4566" for example`))
	}
}

func (l *loading) server() {
	s := l.s.Server
	switch {
	case s.TLSCertificate != "" && s.TLSKey == "":
		l.add("server.tlsKey", "", "the key of server.tlsCertificate")
	case s.TLSKey != "" && s.TLSCertificate == "":
		l.add("server.tlsCertificate", "", "the certificate of server.tlsKey")
	}
	monitoring := l.s.Monitoring.Address
	if l.args.Process == Dev {
		for _, each := range [][2]string{{"server.address", s.Address}, {"monitoring.address", monitoring}, {"dev.issuerAddress", l.s.Dev.IssuerAddress}} {
			if each[1] != "" && !Loopback(each[1]) {
				l.add(each[0], each[1], "an address of this machine, 127.0.0.1:0 for example: dev is for nobody else")
			}
		}
		return
	}
	if !Loopback(s.Address) && s.TLSCertificate == "" && !s.BehindProxy {
		l.add("server.address", s.Address, "an address of this machine, unless server.tlsCertificate and server.tlsKey are set, or server.behindProxy where a proxy ends TLS")
	}
}

const storeAllowed = `"sqlite:FILE", or "postgres://user@host/database?sslmode=verify-full" without a password, which is store.password or store.passwordFile`

func (l *loading) store() {
	s := l.s.Store
	scheme, rest, _ := strings.Cut(s.URL, ":")
	switch {
	case s.URL == "":
	case scheme == "sqlite" && rest != "" && !strings.HasPrefix(rest, "//"):
	case scheme == "postgres" || scheme == "postgresql":
		u, err := url.Parse(s.URL)
		if err != nil {
			l.add("store.url", notShown, storeAllowed)
			break
		}
		_, has := u.User.Password()
		if has || u.Query().Has("password") || u.Query().Has("sslpassword") {
			l.add("store.url", notShown, storeAllowed)
		}
	default:
		l.add("store.url", notShown, storeAllowed)
	}
	if !strings.HasPrefix(s.URL, "postgres") && (!s.Password.Empty() || s.PasswordFile != "") && l.args.Process != Dev && !l.refused["store.url"] {
		name := "store.password"
		if s.PasswordFile != "" {
			name = "store.passwordFile"
		}
		l.add(name, notShown, "nothing: store.url names no PostgreSQL")
	}
}

// files checks that files are there which settings name.
func (l *loading) files() {
	for _, each := range [][2]string{
		{"tiers", l.s.Tiers}, {"services", l.s.Services}, {"server.tlsCertificate", l.s.Server.TLSCertificate}, {"server.tlsKey", l.s.Server.TLSKey},
		{"temporal.ca", l.s.Temporal.CA}, {"temporal.certificate", l.s.Temporal.Certificate}, {"temporal.key", l.s.Temporal.Key},
	} {
		if each[1] != "" && !fileExists(each[1]) {
			l.add(each[0], each[1], "a file that there is")
		}
	}
	if t := l.s.Temporal; (t.Certificate == "") != (t.Key == "") {
		l.add("temporal.key", t.Key, "the key of temporal.certificate, and both or none")
	}
}

func (l *loading) mail() {
	s := l.s.Mail
	if l.args.Process == Dev || s.Driver == MailDirectory {
		return
	}
	if s.FromAddress == "" {
		l.add("mail.fromAddress", "", "the address of who sends, which the driver "+s.Driver+" needs")
	}
	if s.Driver == MailSMTP && s.SMTPHost == "" {
		l.add("mail.smtpHost", "", "the server that takes mails, which the driver smtp needs")
	}
	if s.SMTPUsername == "" && (!s.SMTPPassword.Empty() || s.SMTPPasswordFile != "") {
		l.add("mail.smtpUsername", "", "the user whose password is given")
	}
}

// lists checks lists of name=value.
func (l *loading) lists() {
	for _, each := range l.s.Worker.Weights {
		tier, text, ok := strings.Cut(each, "=")
		if n, err := strconv.ParseFloat(text, 32); !ok || tier == "" || err != nil || !(n >= 0.001 && n <= 1000) {
			l.add("worker.weights", each, "tier=weight, a weight from 0.001 to 1000")
		}
	}
	for _, each := range l.s.Auth.RoleNames {
		if name, role, ok := strings.Cut(each, "="); !ok || name == "" || role == "" {
			l.add("auth.roleNames", each, "name=role")
		}
	}
	for each := range strings.SplitSeq(l.s.Traces.Headers.Reveal(), ",") {
		if name, _, ok := strings.Cut(each, "="); each != "" && (!ok || strings.TrimSpace(name) == "") {
			l.add("traces.headers", notShown, "name=value each, with commas between them")
		}
	}
}

// WeightsByTier gives Worker.Weights by tier.
func (w Worker) WeightsByTier() map[string]float32 {
	out := map[string]float32{}
	for _, each := range w.Weights {
		tier, text, _ := strings.Cut(each, "=")
		if n, err := strconv.ParseFloat(text, 32); err == nil {
			out[tier] = float32(n)
		}
	}
	return out
}

// HeadersByName gives Traces.Headers by name; the values are secrets.
func (t Traces) HeadersByName() map[string]string {
	out := map[string]string{}
	for each := range strings.SplitSeq(t.Headers.Reveal(), ",") {
		if name, value, ok := strings.Cut(each, "="); ok {
			out[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return out
}
