package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// canary is the secret of these tests: it may be seen nowhere.
const canary = "c4n4ry-s3cret"

// good is what each process needs, and no more.
func good(p Process) map[string]string {
	env := map[string]string{"TENANTFORM_EVENTS_DEAD_LETTERS": "spool:///tmp/dead"}
	switch p {
	case Serve:
		env["TENANTFORM_AUTH_ISSUER"], env["TENANTFORM_EVENTS_ANSWERS"] = "https://id.example", "spool:///tmp/a?subscription=c"
	case Work:
		env["TENANTFORM_EVENTS_TOPIC"] = "spool:///tmp/t"
	}
	return env
}

func write(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

// faults gives the lines of an error, which must be CodeInvalid.
func faults(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*tenants.Error](err)
	if !ok || e.Code != tenants.CodeInvalid {
		t.Fatalf("%T %v, want an error of code invalid", err, err)
	}
	if len(e.Fields) == 0 {
		return []string{e.Error()}
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.String())
	}
	return out
}

func TestProcessesNeedLittle(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, p := range []Process{Serve, Work, Dev, ""} {
		env := good(p)
		if p == Dev {
			env = nil
		}
		if s, err := Load(Args{Process: p, Env: env}); err != nil || s.Server.Address == "" {
			t.Errorf("%s: %v", p, err)
		}
	}
	for p, want := range map[Process][]string{Serve: {"auth.issuer", "events.answers", "events.deadLetters"}, Work: {"events.topic", "events.deadLetters"}} {
		_, err := Load(Args{Process: p})
		got := faults(t, err)
		if len(got) != len(want) {
			t.Errorf("%s: %q", p, got)
		}
		for i, name := range want {
			if i < len(got) && (!strings.HasPrefix(got[i], name+" is missing") || !strings.Contains(got[i], "TENANTFORM_"+strings.ToUpper(words(name, '_'))) || !strings.Contains(got[i], "--"+strings.ToLower(words(name, '-')))) {
				t.Errorf("%s: %q does not say how %s is set", p, got[i], name)
			}
		}
	}
}

func TestLaterSourcesWin(t *testing.T) {
	file := write(t, "f.yaml", "server:\n  address: 127.0.0.1:1\nlog:\n  level: debug\nworker:\n  grace: 3m\n", 0o644)
	env, flags := good(Serve), map[string]string{}
	for _, step := range []struct {
		change         func()
		address, where string
	}{
		{func() {}, "127.0.0.1:1", file + ":2"},
		{func() { env["TENANTFORM_SERVER_ADDRESS"] = "" }, "127.0.0.1:1", file + ":2"},
		{func() { env["TENANTFORM_SERVER_ADDRESS"] = "127.0.0.1:2" }, "127.0.0.1:2", "TENANTFORM_SERVER_ADDRESS"},
		{func() { flags["server-address"] = "127.0.0.1:3" }, "127.0.0.1:3", "--server-address"},
	} {
		step.change()
		s, err := Load(Args{Process: Serve, File: file, Env: env, Flags: flags})
		if err != nil {
			t.Fatal(err)
		}
		if s.Server.Address != step.address || s.Source("server.address") != step.where || !s.Given("server.address") {
			t.Errorf("%s from %s, want %s from %s", s.Server.Address, s.Source("server.address"), step.address, step.where)
		}
		if s.Log.Level != "debug" || s.Source("log.format") != "default" || s.Given("log.format") {
			t.Errorf("log: %+v from %s", s.Log, s.Source("log.format"))
		}
		if s.Worker.Grace != 20*time.Second || s.Given("worker.grace") {
			t.Errorf("serve has taken what is the worker's: %s", s.Worker.Grace)
		}
	}
	if s, err := Load(Args{Env: map[string]string{"TENANTFORM_CONFIG": file}}); err != nil || s.Worker.Grace != 3*time.Minute {
		t.Errorf("TENANTFORM_CONFIG: %v", err)
	}
	t.Chdir(filepath.Dir(write(t, DefaultFile, "log: {level: warn}\n", 0o644)))
	if s, err := Load(Args{}); err != nil || s.Log.Level != "warn" || s.Source("log.level") != DefaultFile+":1" {
		t.Errorf("the default file: %v", err)
	}
}

// wrongValues are, for each setting, texts that are wrong; a setting that takes
// every text has none.
func wrongValues() map[string][]string {
	address := []string{"8080", "host", "host:port", "host:70000", "a b:1", ":x"}
	duration := []string{"5", "x", "-1s", "100000h"}
	number := []string{"x", "-1", "NaN", "1e9"}
	whole := []string{"x", "-1", "1.5", "1000000"}
	boolean := []string{"x", "2", "yes please"}
	return map[string][]string{
		"dir": {" "}, "target": {"azure"}, "environment": {"test"}, "region": {"europe"}, "account": {"123", "12345678901x"}, "functionsAccount": {"1"},
		"unsignedFunctions": boolean, "tiers": {"/nowhere.yaml"}, "services": {"/nowhere.yaml"},
		"server.address": append(address, "0.0.0.0:80", "192.0.2.1:80", "example.com:80"), "server.behindProxy": boolean, "server.publicDocs": boolean,
		"server.reads": number, "server.writes": number, "server.tlsCertificate": {"/nowhere.pem"}, "server.tlsKey": {"/nowhere.pem"},
		"monitoring.address": address, "auth.audience": {" "}, "auth.nameClaim": {" "}, "auth.rolesClaim": {" "}, "auth.tenantClaim": {" "},
		"auth.roleNames": {"admins", "=operator", "admins="},
		"store.url":      {"x", "mysql://db", "sqlite:", "sqlite://x", "postgres://u:" + canary + "@db/x", "postgres://db/x?password=" + canary, "postgres://%zz"},
		"store.password": {canary}, "store.passwordFile": {"/nowhere"}, "store.connections": append(whole, "1"),
		"temporal.address": address, "temporal.namespace": {" "}, "temporal.tls": boolean, "temporal.ca": {"/nowhere.pem"}, "temporal.certificate": {"/nowhere.pem"},
		"temporal.key": {"/nowhere.pem"}, "temporal.apiKeyFile": {"/nowhere"},
		"dispatch.every": append(duration, "1ms", "2m"), "dispatch.sweep": append(duration, "1ms", "2h"),
		"events.topic": {"x", "mem://x", "awssns://user:" + canary + "@x"}, "events.answers": {"mem://x"}, "events.deadLetters": {"kafka://x"},
		"mail.driver": {"pigeon", "smtp", "ses"}, "mail.product": {" "}, "mail.moveDeadline": append(duration, "1m"), "mail.smtpPort": append(whole, "0", "70000"),
		"mail.smtpImplicitTls": boolean, "mail.sesRegion": {"moon"}, "mail.smtpPasswordFile": {"/nowhere"},
		"worker.slots": whole, "worker.perAccount": whole, "worker.grace": append(duration, "1ms"), "worker.stepDeadline": append(duration, "1s"),
		"worker.heartbeat": append(duration, "1ms", "1h"), "worker.retryPause": append(duration, "1ms", "1h"), "worker.weights": {"premium", "premium=0", "=1", "premium=x", "premium=NaN"},
		"log.level": {"loud"}, "log.format": {"xml"}, "traces.endpoint": {"x", "ftp://x", "http://", "http://u:" + canary + "@x", "http://x/v1"},
		"traces.ratio": {"2", "-1", "x", "NaN"}, "traces.headers": {canary, "=" + canary}, "traces.headersFile": {"/nowhere"},
		"dev.issuerAddress": address, "dev.temporalPort": append(whole, "70000"),
	}
}

// TestWrongValues gives each setting each of its wrong values, by every source
// that it has, and wants one fault that names source, value and what is allowed.
func TestWrongValues(t *testing.T) {
	t.Chdir(t.TempDir())
	wrong := wrongValues()
	tried := 0
	for _, f := range (&Settings{}).fields() {
		free := f.check == nil && (f.Type == "text" || f.Type == "list" || f.Type == "secret")
		if len(wrong[f.Name]) == 0 && !free {
			t.Errorf("%s has no wrong value here", f.Name)
		}
		for _, text := range wrong[f.Name] {
			secret := f.Type == "secret" || strings.Contains(text, canary)
			check := func(by string, args Args, where string) {
				t.Helper()
				tried++
				_, err := Load(args)
				if err == nil {
					t.Errorf("%s = %q by %s is taken", f.Name, text, by)
					return
				}
				got := faults(t, err)
				all := strings.Join(got, "\n")
				if !strings.Contains(all, where) {
					t.Errorf("%s = %q by %s: %q does not name %s", f.Name, text, by, got, where)
				}
				if strings.Contains(all, canary) {
					t.Errorf("%s by %s: the secret is told: %q", f.Name, by, got)
				}
				if !secret && f.Name != "mail.driver" && f.Name != "store.url" && !strings.HasPrefix(f.Name, "temporal.") && !strings.HasPrefix(f.Name, "server.tls") && !strings.Contains(all, tenants.FieldError{Value: text}.String()[4:10]) {
					t.Errorf("%s = %q by %s: %q does not show the value", f.Name, text, by, got)
				}
			}
			if strings.TrimSpace(text) != "" || f.Name == "dir" {
				check("variable", Args{Env: map[string]string{f.Env: text}}, nameIn(f, f.Env))
			}
			if f.Flag != "" {
				check("flag", Args{Flags: map[string]string{f.Flag: text}}, nameIn(f, "--"+f.Flag))
			}
			path := write(t, "s.yaml", document(f, text), 0o600)
			where := path + ":"
			if nameIn(f, where) == "" {
				where = ""
			}
			check("file", Args{File: path}, where)
		}
	}
	if tried < 300 {
		t.Errorf("%d values were tried", tried)
	}
}

// nameIn is how a fault names a setting; one of what a driver lacks names that.
func nameIn(f field, name string) string {
	switch f.Name {
	case "mail.driver", "server.tlsCertificate", "server.tlsKey", "temporal.certificate", "temporal.key":
		return ""
	}
	return name
}

// document is a settings file with one setting.
func document(f field, text string) string {
	value := fmt.Sprintf("%q", text)
	switch f.to.(type) {
	case *int, *float64, *bool:
		value = text
	case *[]string:
		value = fmt.Sprintf("[%q]", text)
	}
	if section, name, sub := strings.Cut(f.Name, "."); sub {
		return section + ":\n  " + name + ": " + value + "\n"
	}
	return f.Name + ": " + value + "\n"
}

func TestFaultsOfAllSourcesAreToldAtOnce(t *testing.T) {
	file := write(t, "s.yaml", "target: moon\nserver:\n  place: x\nlog: [1]\nworker:\n  slots: many\n", 0o644)
	_, err := Load(Args{Process: Serve, File: file, Env: map[string]string{"TENANTFORM_LOG_FORMAT": "xml", "TENANTFORM_STORE_PASWORD": canary}, Flags: map[string]string{"server-address": "x"}})
	got := strings.Join(faults(t, err), "\n")
	for _, want := range []string{
		file + `:1: target is "moon"`, file + ":3: server.place", file + ":4: log is", file + `:6: worker.slots is "many"`,
		`TENANTFORM_LOG_FORMAT is "xml"`, "TENANTFORM_STORE_PASWORD", `--server-address is "x"`, "auth.issuer is missing",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not among\n%s", want, got)
		}
	}
	if strings.Contains(got, canary) {
		t.Errorf("the secret of a misspelt variable is told:\n%s", got)
	}
}

// TestSecretsAreToldNowhere gives a secret in every way, right and wrong.
func TestSecretsAreToldNowhere(t *testing.T) {
	t.Chdir(t.TempDir())
	postgres := "store:\n  url: postgres://u@db/x\n"
	in := write(t, "secret", canary+"\n", 0o644)
	for name, c := range map[string]struct {
		file  string
		mode  os.FileMode
		env   map[string]string
		fault string // empty: the secret is taken
	}{
		"variable":                   {postgres, 0o644, map[string]string{"TENANTFORM_STORE_PASSWORD": canary}, ""},
		"file of its own":            {postgres + "  passwordFile: " + in + "\n", 0o644, nil, ""},
		"file by variable":           {postgres, 0o644, map[string]string{"TENANTFORM_STORE_PASSWORD_FILE": in}, ""},
		"settings file":              {postgres + "  password: " + canary + "\n", 0o640, nil, ""},
		"variable over file":         {postgres + "  passwordFile: /nowhere\n", 0o644, map[string]string{"TENANTFORM_STORE_PASSWORD": canary}, ""},
		"file by variable over file": {postgres + "  password: other\n", 0o600, map[string]string{"TENANTFORM_STORE_PASSWORD_FILE": in}, ""},
		"settings file for all":      {postgres + "  password: " + canary + "\n", 0o644, nil, "others cannot read"},
		"both":                       {postgres, 0o644, map[string]string{"TENANTFORM_STORE_PASSWORD": canary, "TENANTFORM_STORE_PASSWORD_FILE": in}, "one of the two"},
		"a number":                   {postgres + "  password: 123454321\n", 0o600, nil, "put it in quotes"},
		"twice":                      {postgres + "  password: " + canary + "\n  password: " + canary + "2\n", 0o600, nil, "each field once"},
		"misspelt":                   {postgres + "  pasword: " + canary + "\n", 0o600, nil, "no field of this name"},
		"no yaml":                    {postgres + "  password: [" + canary + "\n", 0o600, nil, ":"},
		"a list":                     {postgres + "  password: [" + canary + "]\n", 0o600, nil, "put it in quotes"},
		"without PostgreSQL":         {"store:\n  password: " + canary + "\n", 0o600, nil, "names no PostgreSQL"},
	} {
		t.Run(name, func(t *testing.T) {
			env := good(Serve)
			for k, v := range c.env {
				env[k] = v
			}
			s, err := Load(Args{Process: Serve, File: write(t, "s.yaml", c.file, c.mode), Env: env})
			text := fmt.Sprint(err)
			if (c.fault != "") != (err != nil) || !strings.Contains(text, c.fault) {
				t.Fatalf("%v, want %q", err, c.fault)
			}
			if err == nil {
				if s.Store.Password.Reveal() != canary {
					t.Fatalf("another secret was taken: %d bytes", len(s.Store.Password.Reveal()))
				}
				shown, jerr := json.Marshal(map[string]any{"s": s, "shown": s.Shown(Serve)})
				var b strings.Builder
				slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "s", s, "p", s.Store.Password)
				text = fmt.Sprintf("%v %+v %#v %s %s %v", s, s, *s, s.Store.Password, shown, jerr) + b.String()
				if !strings.Contains(string(shown), masked) {
					t.Errorf("that there is a secret is not shown: %s", shown)
				}
			}
			if strings.Contains(text, canary) || strings.Contains(text, "123454321") {
				t.Errorf("the secret is told: %s", text)
			}
		})
	}
	for _, content := range []string{"", "\n", "a\nb\n", strings.Repeat("x", maxSecret+1), "a\x00b"} {
		_, err := Load(Args{Env: map[string]string{"TENANTFORM_TRACES_HEADERS_FILE": write(t, "x", content, 0o600)}})
		if got := faults(t, err); len(got) != 1 || !strings.Contains(got[0], "one line") {
			t.Errorf("a secret of %d bytes: %q", len(content), got)
		}
	}
}

func TestWhatBelongsTogether(t *testing.T) {
	t.Chdir(t.TempDir())
	pem := write(t, "x.pem", "", 0o600)
	for name, c := range map[string]struct {
		process Process
		env     map[string]string
		fault   string // empty: it is fine
	}{
		"beyond the machine":             {Serve, map[string]string{"SERVER_ADDRESS": "0.0.0.0:80"}, "server.behindProxy"},
		"every interface":                {Serve, map[string]string{"SERVER_ADDRESS": ":80"}, "server.behindProxy"},
		"beyond, behind a proxy":         {Serve, map[string]string{"SERVER_ADDRESS": "0.0.0.0:80", "SERVER_BEHIND_PROXY": "true"}, ""},
		"beyond, with TLS":               {Serve, map[string]string{"SERVER_ADDRESS": ":80", "SERVER_TLS_CERTIFICATE": pem, "SERVER_TLS_KEY": pem}, ""},
		"a certificate without key":      {Serve, map[string]string{"SERVER_TLS_CERTIFICATE": pem}, "server.tlsKey is missing"},
		"a key without certificate":      {Serve, map[string]string{"SERVER_TLS_KEY": pem}, "server.tlsCertificate is missing"},
		"dev beyond the machine":         {Dev, map[string]string{"SERVER_ADDRESS": "0.0.0.0:80"}, "dev is for nobody else"},
		"dev's monitoring beyond":        {Dev, map[string]string{"MONITORING_ADDRESS": "0.0.0.0:80"}, "dev is for nobody else"},
		"dev on AWS":                     {Dev, map[string]string{"TARGET": "aws"}, "dev runs nowhere else"},
		"dev beside production's file":   {Dev, map[string]string{"STORE_URL": "postgres://db/x", "STATE_URL": "s3://x"}, ""},
		"AWS without accounts":           {Work, map[string]string{"TARGET": "aws"}, "nothing is guessed"},
		"AWS":                            {Work, map[string]string{"TARGET": "aws", "ACCOUNT": "123456789012", "FUNCTIONS_ACCOUNT": "210987654321"}, ""},
		"one account for both":           {Work, map[string]string{"ACCOUNT": "123456789012", "FUNCTIONS_ACCOUNT": "123456789012"}, "an account other than"},
		"an emulator without address":    {Work, map[string]string{"TARGET": "emulator", "ACCOUNT": "123456789012", "FUNCTIONS_ACCOUNT": "210987654321"}, "AWS_ENDPOINT_URL"},
		"mails by SMTP without a server": {Work, map[string]string{"MAIL_DRIVER": "smtp", "MAIL_FROM_ADDRESS": "a@b.example"}, "mail.smtpHost is missing"},
		"mails by SMTP":                  {Work, map[string]string{"MAIL_DRIVER": "smtp", "MAIL_FROM_ADDRESS": "a@b.example", "MAIL_SMTP_HOST": "h"}, ""},
		"mails by SES without a sender":  {Work, map[string]string{"MAIL_DRIVER": "ses"}, "mail.fromAddress is missing"},
		"a password without a user":      {Work, map[string]string{"MAIL_DRIVER": "smtp", "MAIL_FROM_ADDRESS": "a@b.example", "MAIL_SMTP_HOST": "h", "MAIL_SMTP_PASSWORD": canary}, "mail.smtpUsername is missing"},
		"a client key alone":             {Serve, map[string]string{"TEMPORAL_KEY": pem}, "both or none"},
	} {
		env := good(c.process)
		if c.process == Dev {
			env = map[string]string{}
		}
		for k, v := range c.env {
			env["TENANTFORM_"+k] = v
		}
		s, err := Load(Args{Process: c.process, Env: env})
		if (c.fault == "") != (err == nil) || !strings.Contains(fmt.Sprint(err), c.fault) {
			t.Errorf("%s: %v, want %q", name, err, c.fault)
		}
		if c.process == Dev && err == nil && (s.Store.URL != "sqlite:"+filepath.Join(".tenantform", "control.db") || s.State.URL != "" || s.Given("store.url")) {
			t.Errorf("%s: dev would use %s and %s", name, s.Store.URL, s.State.URL)
		}
	}
}

func TestWhatFollows(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, c := range map[string]struct {
		process Process
		env     map[string]string
		want    [6]string // store, monitoring, server, mails, account, functions' account
	}{
		"serve":         {Serve, nil, [6]string{"sqlite:.tenantform/control.db", "127.0.0.1:9090", "127.0.0.1:8080", ".tenantform/mails", LocalAccount, LocalFunctionsAccount}},
		"worker":        {Work, map[string]string{"DIR": "d"}, [6]string{"sqlite:d/control.db", "127.0.0.1:9091", "127.0.0.1:8080", "d/mails", LocalAccount, LocalFunctionsAccount}},
		"dev":           {Dev, nil, [6]string{"sqlite:.tenantform/control.db", "127.0.0.1:0", "127.0.0.1:0", ".tenantform/mails", LocalAccount, LocalFunctionsAccount}},
		"account taken": {Work, map[string]string{"ACCOUNT": LocalFunctionsAccount}, [6]string{"sqlite:.tenantform/control.db", "127.0.0.1:9091", "127.0.0.1:8080", ".tenantform/mails", LocalFunctionsAccount, LocalAccount}},
	} {
		env := good(c.process)
		if c.process == Dev {
			env = map[string]string{}
		}
		for k, v := range c.env {
			env["TENANTFORM_"+k] = v
		}
		s, err := Load(Args{Process: c.process, Env: env})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := [6]string{s.Store.URL, s.Monitoring.Address, s.Server.Address, s.Mail.Directory, s.Account, s.FunctionsAccount}; got != c.want {
			t.Errorf("%s: %q\nwant %q", name, got, c.want)
		}
	}
	s, err := Load(Args{Env: map[string]string{"TENANTFORM_WORKER_WEIGHTS": "free=1, premium=4.5", "TENANTFORM_TRACES_HEADERS": "authorization=Bearer a=b,x=y", "TENANTFORM_TEMPORAL_API_KEY": "k"}})
	if err != nil || !reflect.DeepEqual(s.Worker.WeightsByTier(), map[string]float32{"free": 1, "premium": 4.5}) ||
		!reflect.DeepEqual(s.Traces.HeadersByName(), map[string]string{"authorization": "Bearer a=b", "x": "y"}) || !s.Temporal.TLS {
		t.Errorf("%v: %v, TLS %t", err, s.Worker.WeightsByTier(), s.Temporal.TLS)
	}
}

// TestTableIsComplete: every field of Settings is a setting, names are unique, and
// the default of each is good.
func TestTableIsComplete(t *testing.T) {
	var s Settings
	held := map[any]string{}
	for _, f := range s.fields() {
		if other, twice := held[f.to]; twice {
			t.Errorf("%s and %s are one field", f.Name, other)
		}
		held[f.to] = f.Name
		if f.Doc == "" || len(f.For) == 0 || f.Type == "" {
			t.Errorf("%s is not described", f.Name)
		}
		if f.Default != "" {
			if allowed := f.take(f.Default); allowed != "" {
				t.Errorf("the default of %s is refused: %s", f.Name, allowed)
			}
		}
		if f.Type == "secret" && !strings.Contains(fmt.Sprint(held), f.Name+"File") && !strings.Contains(fmt.Sprint(Table()), f.Name+"File") {
			t.Errorf("%s cannot be given by a file", f.Name)
		}
	}
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			switch {
			case !field.IsExported():
			case field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[Secret]():
				walk(v.Field(i), path+field.Name+".")
			case held[v.Field(i).Addr().Interface()] == "":
				t.Errorf("%s%s is no setting", path, field.Name)
			}
		}
	}
	walk(reflect.ValueOf(&s).Elem(), "")
}

func TestFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := Load(Args{File: "nowhere.yaml"}); !strings.Contains(fmt.Sprint(err), "nowhere.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := Load(Args{File: write(t, "e.yaml", "\n", 0o600)}); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	list := write(t, "l.yaml", "zones: [eu-west-1a, \"eu-west-1b\"]\nworker: {weights: [\"a,b=1\"]}\n", 0o600)
	if _, err := Load(Args{File: list}); !strings.Contains(fmt.Sprint(err), "without commas") {
		t.Errorf("a comma in a list: %v", err)
	}
}
