package automation

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// passed are the variables of the process that a CLI run is given: what finds
// programs, temporary space, certificates and proxies, and nothing else. A
// name ending in * is a prefix. Credentials are not among them; a target that
// needs some names them in Options.Pass.
var passed = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LC_*",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

// optionPrefix begins the variables that stand for options of the CLI. None is
// given to a run, whoever sets it: they change what a run does and shows, and
// those for tracing write what the CLI says to its plugins, secrets in plain text.
const optionPrefix = "PULUMI_OPTION_"

// AWSEnvironment are the names for Options.Pass when the target is AWS or an
// emulator of it: credentials, profile, region, endpoints.
func AWSEnvironment() []string { return []string{"AWS_*"} }

// environment makes a run's whole environment. Of a name that is there twice the
// last one counts.
func (e *Engine) environment() []string {
	allow := slices.Concat(passed, e.opts.Pass)
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, optionPrefix) && slices.ContainsFunc(allow, func(a string) bool { return matchName(a, name) }) {
			env = append(env, kv)
		}
	}
	// A CLI lives for seconds: collecting garbage as a server would costs it a
	// tenth of its processor time and saves an eighth of its memory.
	env = append(env, "GOGC=400", "GOMEMLIMIT=1GiB")
	for k, v := range e.opts.Env {
		if !strings.HasPrefix(k, optionPrefix) {
			env = append(env, k+"="+v)
		}
	}
	return append(env,
		"PULUMI_BACKEND_URL="+e.backend,
		"PULUMI_HOME="+e.opts.Home,
		"PULUMI_SKIP_UPDATE_CHECK=true",
		"PULUMI_AUTOMATION_API=true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="+strconv.FormatBool(e.attached()),
		"PULUMI_LOG_ROTATION_MAX_TOTAL_MB=20",                // the CLI logs each of its runs under its home
		"PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS=true", // history has the same
		"PULUMI_TRACING_NO_PAYLOADS=true",                    // a trace that is written all the same holds no values
		"NO_COLOR=1",
	)
}

// attached tells whether providers are served by this process rather than
// launched by the CLI.
func (e *Engine) attached() bool {
	_, ok := e.opts.Env[attachedKey]
	return ok
}

func matchName(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}
