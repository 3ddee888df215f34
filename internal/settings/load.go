package settings

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenantform/tenantform/internal/strictyaml"
	"github.com/tenantform/tenantform/tenants"
)

// DefaultFile is the settings file that is read, where there is one, when none
// is named.
const DefaultFile = "tenantform.yaml"

// Args are where settings come from.
type Args struct {
	Process Process
	File    string            // that has to be there; empty: DefaultFile where it is, TENANTFORM_CONFIG before that
	Env     map[string]string // the environment; TENANTFORM_* only is looked at
	Flags   map[string]string // by the flag's name; only those that were given
	Partial bool              // what the process cannot do without may be missing
}

// The ranks of sources: the higher one wins.
const (
	byDefault = iota
	byFile
	byEnv
	byFlag
)

// source is where a value came from.
type source struct {
	rank  int
	where string // "tenantform.yaml:12"
	name  string // how the value is called there
	set   Setting
}

func (s source) String() string {
	switch s.rank {
	case byFile:
		return s.where
	case byEnv, byFlag:
		return s.name
	}
	return "default"
}

// fault makes the fault of a value, named as its source names it.
func (s source) fault(name, value, allowed string) tenants.FieldError {
	f := tenants.FieldError{Field: name, Value: value, Allowed: allowed}
	switch s.rank {
	case byFile:
		f.Source = s.where
	case byEnv, byFlag:
		f.Field = s.name
	default:
		if value != "" {
			break
		}
		f.Allowed += "; " + s.set.ways()
	}
	return f
}

// ways says how a setting can be given.
func (s Setting) ways() string {
	text := "set " + s.Name + " in the settings file, or " + s.Env
	if s.Flag != "" {
		text += ", or --" + s.Flag
	}
	return text
}

// loading is one Load.
type loading struct {
	args    Args
	s       *Settings
	fields  []field
	refused map[string]bool
	faults  []tenants.FieldError
}

// Load reads the settings of a process, and checks them. The error is
// CodeInvalid and names every value that is wrong, as its source calls it.
// Settings that the process does not use are checked as values, and have their
// defaults then. What the settings lead to, files and servers, is not looked at,
// but for the files of secrets and that others are there.
func Load(args Args) (*Settings, error) {
	l := &loading{args: args, s: &Settings{sources: map[string]source{}}, refused: map[string]bool{}}
	l.fields = l.s.fields()
	for _, f := range l.fields {
		l.s.sources[f.Name] = source{set: f.Setting}
		if f.Default != "" {
			l.take(f, f.Default)
		}
	}
	if err := l.file(); err != nil {
		e, ok := errors.AsType[*tenants.Error](err)
		if !ok || len(e.Fields) == 0 {
			return nil, err
		}
		l.faults = append(l.faults, e.Fields...)
	}
	l.environment()
	l.flags()
	l.forget()
	l.secrets()
	l.together()
	if err := tenants.Invalid(l.faults...); err != nil {
		return nil, err
	}
	l.fill()
	return l.s, nil
}

// take sets a setting from a text, and notes the fault where that is wrong.
func (l *loading) take(f field, text string) {
	allowed := f.take(text)
	if allowed == "" {
		return
	}
	l.add(f.Name, f.shown(text), allowed)
}

// shown gives what a fault shows of a value: nothing of a secret, and nothing of a
// URL that may hold one.
func (f field) shown(text string) string {
	if f.Type == "secret" || strings.Contains(text, "://") && strings.Contains(text, "@") {
		return notShown
	}
	return text
}

// take sets a value from its text; the answer is what is allowed where the text
// is wrong.
func (f field) take(text string) (allowed string) {
	switch to := f.to.(type) {
	case *string:
		*to = text
	case *Secret:
		*to = NewSecret(text)
	case *bool:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return "true or false"
		}
		*to = v
	case *int:
		v, err := strconv.Atoi(text)
		if err != nil && f.check == nil {
			return "a whole number"
		}
		*to = v
	case *float64:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil && f.check == nil {
			return "a number"
		}
		*to = v
	case *time.Duration:
		v, err := time.ParseDuration(text)
		if err != nil && f.check == nil {
			return "a duration"
		}
		*to = v
	case *[]string:
		*to = nil
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				*to = append(*to, part)
			}
		}
	}
	if f.check != nil {
		return f.check(text)
	}
	return ""
}

func (l *loading) environment() {
	known := map[string]bool{}
	for _, f := range l.fields {
		known[f.Env] = true
		if text := l.args.Env[f.Env]; text != "" {
			l.s.sources[f.Name] = source{rank: byEnv, name: f.Env, set: f.Setting}
			l.take(f, text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.args.Env)) {
		if !known[name] && l.args.Env[name] != "" && l.ours(name) {
			l.faults = append(l.faults, tenants.FieldError{Field: name, Value: "(not shown)", Allowed: "no variable of this name; \"tenantform config show\" has those that there are"})
		}
	}
}

// ours tells whether a variable is named as those of a section are:
// TENANTFORM_STORE_PASWORD for example.
func (l *loading) ours(name string) bool {
	for _, f := range l.fields {
		section, _, sub := strings.Cut(f.Name, ".")
		if sub && strings.HasPrefix(name, "TENANTFORM_"+strings.ToUpper(section)+"_") {
			return true
		}
	}
	return false
}

func (l *loading) flags() {
	for _, f := range l.fields {
		if text, given := l.args.Flags[f.Flag]; given && f.Flag != "" {
			l.s.sources[f.Name] = source{rank: byFlag, name: "--" + f.Flag, set: f.Setting}
			l.take(f, text)
		}
	}
}

// forget gives the settings that the process does not use their defaults again: a
// file of production must not lead dev anywhere.
func (l *loading) forget() {
	for _, f := range l.fields {
		if !f.Uses(l.args.Process) {
			_ = f.take(f.Default) // the default is good, and an empty one is empty
			l.s.sources[f.Name] = source{set: f.Setting}
		}
	}
}

// maxSecret is how many bytes a file with a secret may have.
const maxSecret = 64 << 10

// secrets reads the files of secrets. Of a secret and its file the one from the
// source that wins counts; both from one source are refused.
func (l *loading) secrets() {
	for _, f := range l.fields {
		to, ok := f.to.(*Secret)
		if !ok {
			continue
		}
		of := l.field(f.Name + "File")
		path := *of.to.(*string)
		itself, file := l.s.sources[f.Name].rank, l.s.sources[of.Name].rank
		switch {
		case path == "" || itself > file:
			continue
		case itself == file:
			l.faults = append(l.faults, l.s.Fault(of.Name, path, "nothing beside "+f.Name+": one of the two"))
			continue
		}
		text, why := readSecret(path)
		if why != "" {
			l.faults = append(l.faults, l.s.Fault(of.Name, path, why))
			continue
		}
		*to = NewSecret(text)
	}
}

func readSecret(path string) (text, why string) {
	file, err := os.Open(path)
	if err != nil {
		return "", "a file that can be read: " + reason(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err != nil {
		return "", "a file that can be read: " + reason(err)
	}
	text = strings.TrimRight(string(data), "\r\n")
	if text == "" || len(data) > maxSecret || strings.ContainsAny(text, "\x00\r\n") {
		return "", fmt.Sprintf("a file with one line, of at most %d bytes", maxSecret)
	}
	return text, ""
}

func reason(err error) string {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

func (l *loading) field(name string) field {
	i := slices.IndexFunc(l.fields, func(f field) bool { return f.Name == name })
	return l.fields[i]
}

// fill gives the values that follow from others.
func (l *loading) fill() {
	s := l.s
	if s.Store.URL == "" {
		s.Store.URL = "sqlite:" + filepath.Join(s.Dir, "control.db")
	}
	if s.Mail.Directory == "" {
		s.Mail.Directory = filepath.Join(s.Dir, "mails")
	}
	if s.Monitoring.Address == "" {
		s.Monitoring.Address = map[Process]string{Serve: "127.0.0.1:9090", Work: "127.0.0.1:9091", Dev: "127.0.0.1:0"}[l.args.Process]
	}
	if l.args.Process == Dev {
		if !s.Given("server.address") {
			s.Server.Address = "127.0.0.1:0"
		}
		if !s.Given("log.format") {
			s.Log.Format = LogText
		}
	}
	s.Temporal.TLS = s.Temporal.TLS || s.Temporal.CA != "" || s.Temporal.Certificate != "" || !s.Temporal.APIKey.Empty()
	if s.Target == TargetLocal && s.Account == "" {
		s.Account = LocalAccount
		if s.FunctionsAccount == LocalAccount {
			s.Account = LocalFunctionsAccount
		}
	}
	if s.Target == TargetLocal && s.FunctionsAccount == "" {
		s.FunctionsAccount = LocalFunctionsAccount
		if s.Account == LocalFunctionsAccount {
			s.FunctionsAccount = LocalAccount
		}
	}
}

// file reads the settings file, where there is one.
func (l *loading) file() error {
	path := l.args.File
	if path == "" {
		path = l.args.Env["TENANTFORM_CONFIG"]
	}
	if path == "" {
		if _, err := os.Stat(DefaultFile); err != nil {
			return nil //nolint:nilerr // it is not there, and need not be
		}
		path = DefaultFile
	}
	data, err := strictyaml.Read(path)
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(string(data))) == 0 {
		return nil
	}
	root, err := strictyaml.Parse(path, data, "settings, such as server.address")
	if err != nil {
		return unshown(err)
	}
	r := &reader{loading: l, d: strictyaml.New(path), path: path}
	r.object("", root)
	r.private()
	return unshown(r.d.Err())
}
