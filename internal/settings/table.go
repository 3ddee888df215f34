package settings

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Setting describes one setting.
type Setting struct {
	Name    string    // "server.address"
	Env     string    // "TENANTFORM_SERVER_ADDRESS"
	Flag    string    // "server-address"; empty for a secret, which is no flag
	Type    string    // "text", "number", "whole number", "yes or no", "duration", "list" or "secret"
	Default string    // as it would be given
	Doc     string    // one line
	For     []Process // that use it
	Needed  []Process // that cannot do without it; it has no default then
}

// Uses tells whether a process uses the setting; every setting is one of the
// zero process.
func (s Setting) Uses(p Process) bool { return p == "" || slices.Contains(s.For, p) }

// field is a setting with the place of its value.
type field struct {
	Setting
	to    any                      // *string, *int, *float64, *bool, *time.Duration, *[]string or *Secret
	check func(text string) string // gives what is allowed where the text is not; nil: everything is
}

// Table gives all settings in the order in which they are documented.
func Table() []Setting {
	var s Settings
	var out []Setting
	for _, f := range s.fields() {
		out = append(out, f.Setting)
	}
	return out
}

var (
	all     = []Process{Serve, Work, Dev}
	both    = []Process{Serve, Work}
	serving = []Process{Serve, Dev}
	working = []Process{Work, Dev}
)

// define makes a field; needed are the processes that cannot do without it.
func define(name string, to any, def, doc string, uses []Process, check func(string) string, needed ...Process) field {
	f := field{to: to, check: check, Setting: Setting{
		Name: name, Env: "TENANTFORM_" + strings.ToUpper(words(name, '_')), Default: def, Doc: doc, For: uses, Needed: needed,
	}}
	switch to.(type) {
	case *string:
		f.Type = "text"
	case *int:
		f.Type = "whole number"
	case *float64:
		f.Type = "number"
	case *bool:
		f.Type = "yes or no"
	case *time.Duration:
		f.Type = "duration"
	case *[]string:
		f.Type = "list"
	case *Secret:
		f.Type = "secret"
	}
	if f.Type != "secret" {
		f.Flag = strings.ToLower(words(name, '-'))
	}
	return f
}

// words gives the words of "mail.smtpHost" with something between them.
func words(name string, between rune) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '.':
			b.WriteRune(between)
		case unicode.IsUpper(r):
			b.WriteRune(between)
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (s *Settings) fields() []field {
	return slices.Concat(s.houseFields(), s.serverFields(), s.storeFields(), s.eventFields(), s.mailFields(), s.workerFields(), s.tellingFields())
}

func (s *Settings) houseFields() []field {
	return []field{
		define("dir", &s.Dir, ".tenantform", "directory of what is kept on this machine: state, leases, the ledger where it is a file", all, filled("a directory")),
		define("target", &s.Target, TargetLocal, "local, emulator or aws: where stacks are brought up", all, oneOf(TargetLocal, TargetEmulator, TargetAWS)),
		define("environment", &s.Environment, "dev", "dev, staging or production", all, oneOf("dev", "staging", "production")),
		define("region", &s.Region, "eu-west-1", "AWS region of what names none itself", all, region),
		define("account", &s.Account, "", "AWS account of the service, 12 digits; needed unless the target is local", all, account),
		define("functionsAccount", &s.FunctionsAccount, "", "AWS account where tenants' functions run, 12 digits; needed unless the target is local", all, account),
		define("supernet", &s.Supernet, defaultSupernet, "private IPv4 range from which silos' networks get theirs, a /20 each", all, nil),
		define("zones", &s.Zones, "", "availability zones for silos, two or more a region (default: those that most accounts have)", all, nil),
		define("functionsZones", &s.FunctionsZones, "", "availability zones for tenants' functions, two or more (default: those that most accounts have)", all, nil),
		define("unsignedFunctions", &s.UnsignedFunctions, "false", "in production too, take tenants' code that the platform's signing profile has not signed", all, nil),
		define("tiers", &s.Tiers, "", "tier catalogue, a YAML file (default: the built-in one)", all, nil),
		define("services", &s.Services, "", "catalogue of business services, a YAML file (default: there are none)", all, nil),
	}
}

func (s *Settings) serverFields() []field {
	return []field{
		define("server.address", &s.Server.Address, "127.0.0.1:8080", "where the API is served, host:port; dev takes a free port. Beyond this machine only with TLS or server.behindProxy", serving, address),
		define("server.tlsCertificate", &s.Server.TLSCertificate, "", "file with the server's certificate chain, PEM; read again when it changes", []Process{Serve}, nil),
		define("server.tlsKey", &s.Server.TLSKey, "", "file with the certificate's key, PEM", []Process{Serve}, nil),
		define("server.behindProxy", &s.Server.BehindProxy, "false", "a proxy that ends TLS stands before the server, so that it may be reached from beyond this machine without", []Process{Serve}, nil),
		define("server.publicDocs", &s.Server.PublicDocs, "false", "show the API's description to whoever asks; dev always does", []Process{Serve}, nil),
		define("server.reads", &s.Server.Reads, "0", "requests that read, a second and principal (0: the API's default)", serving, notNegative),
		define("server.writes", &s.Server.Writes, "0", "requests that write, a second and principal (0: the API's default)", serving, notNegative),
		define("monitoring.address", &s.Monitoring.Address, "", "where /healthz, /readyz and /metrics are served, host:port, never with the API (default: 127.0.0.1:9090 for serve, 127.0.0.1:9091 for worker, a free port for dev)", all, addressOrNone),
		define("auth.issuer", &s.Auth.Issuer, "", "the OpenID Connect provider whose tokens are accepted, as they name it; dev has its own", []Process{Serve}, nil, Serve),
		define("auth.audience", &s.Auth.Audience, "tenantform", "what tokens have to be for", []Process{Serve}, filled("the name of this API at the provider")),
		define("auth.keysUrl", &s.Auth.KeysURL, "", "where the provider's keys are (default: as its discovery document says)", []Process{Serve}, nil),
		define("auth.nameClaim", &s.Auth.NameClaim, "name", "claim with the name of who sends a request; one that begins with a slash is a JSON Pointer", []Process{Serve}, filled("the name of a claim")),
		define("auth.rolesClaim", &s.Auth.RolesClaim, "roles", "claim with the roles", []Process{Serve}, filled("the name of a claim")),
		define("auth.tenantClaim", &s.Auth.TenantClaim, "tenant", "claim with the tenant of a tenant-admin", []Process{Serve}, filled("the name of a claim")),
		define("auth.roleNames", &s.Auth.RoleNames, "", "further names of roles, name=role each: what the provider calls its groups", []Process{Serve}, nil),
	}
}

func (s *Settings) storeFields() []field {
	return []field{
		define("store.url", &s.Store.URL, "", "the ledger: sqlite:FILE, or postgres://user@host/database?sslmode=verify-full without a password (default: sqlite:control.db in dir)", both, nil),
		define("store.password", &s.Store.Password, "", "PostgreSQL's password", both, nil),
		define("store.passwordFile", &s.Store.PasswordFile, "", "file with PostgreSQL's password", both, nil),
		define("store.connections", &s.Store.Connections, "10", "connections to the store at most", both, atLeast(2)),
		define("temporal.address", &s.Temporal.Address, "127.0.0.1:7233", "Temporal's frontend, host:port; dev has its own", both, address),
		define("temporal.namespace", &s.Temporal.Namespace, "default", "namespace of the workflows", both, filled("a namespace")),
		define("temporal.tls", &s.Temporal.TLS, "false", "speak TLS with Temporal; implied by a certificate, an authority or an API key", both, nil),
		define("temporal.ca", &s.Temporal.CA, "", "file with the authorities that Temporal's certificate may be from, PEM (default: the system's)", both, nil),
		define("temporal.certificate", &s.Temporal.Certificate, "", "file with a client certificate, PEM", both, nil),
		define("temporal.key", &s.Temporal.Key, "", "file with the client certificate's key, PEM", both, nil),
		define("temporal.apiKey", &s.Temporal.APIKey, "", "API key for Temporal", both, nil),
		define("temporal.apiKeyFile", &s.Temporal.APIKeyFile, "", "file with the API key for Temporal", both, nil),
		define("dispatch.every", &s.Dispatch.Every, "1s", "between two looks at the outbox, beside what the API says at once", serving, between(10*time.Millisecond, time.Minute)),
		define("dispatch.sweep", &s.Dispatch.Sweep, "1m", "between two looks for operations that Temporal does not know, or no longer", serving, between(time.Second, time.Hour)),
	}
}

func (s *Settings) eventFields() []field {
	return []field{
		define("events.topic", &s.Events.Topic, "", "topic on which services are asked: awssns:///ARN, or spool:///DIRECTORY?subscriptions=a,b on one machine; dev has its own", []Process{Work}, topic, Work),
		define("events.answers", &s.Events.Answers, "", "queue with the services' answers: awssqs://QUEUE-URL, or spool:///DIRECTORY?subscription=control-plane", []Process{Serve}, topic, Serve),
		define("events.deadLetters", &s.Events.DeadLetters, "", "topic of what failed and could not be delivered", both, topic, Serve, Work),
	}
}

func (s *Settings) mailFields() []field {
	return []field{
		define("mail.driver", &s.Mail.Driver, MailDirectory, "directory (files, for one machine), smtp or ses; dev has a directory", []Process{Work}, oneOf(MailDirectory, MailSMTP, MailSES)),
		define("mail.directory", &s.Mail.Directory, "", "where mails are put as files (default: mails in dir)", working, nil),
		define("mail.fromName", &s.Mail.FromName, "", "name of who sends", working, nil),
		define("mail.fromAddress", &s.Mail.FromAddress, "", "address of who sends; the driver directory does without", working, nil),
		define("mail.product", &s.Mail.Product, "Tenantform", "name of what the tenants subscribe to", working, filled("a name")),
		define("mail.support", &s.Mail.Support, "", "address or URL where users find help", working, nil),
		define("mail.moveDeadline", &s.Mail.MoveDeadline, "720h", "how long after a move the old passwords are good", working, between(time.Hour, 8760*time.Hour)),
		define("mail.smtpHost", &s.Mail.SMTPHost, "", "server that takes mails", []Process{Work}, nil),
		define("mail.smtpPort", &s.Mail.SMTPPort, "587", "its port: 587 for STARTTLS, 465 for TLS from the first byte", []Process{Work}, port),
		define("mail.smtpUsername", &s.Mail.SMTPUsername, "", "user at the server (default: no authentication)", []Process{Work}, nil),
		define("mail.smtpPassword", &s.Mail.SMTPPassword, "", "that user's password", []Process{Work}, nil),
		define("mail.smtpPasswordFile", &s.Mail.SMTPPasswordFile, "", "file with that user's password", []Process{Work}, nil),
		define("mail.smtpImplicitTls", &s.Mail.SMTPImplicitTLS, "false", "TLS from the first byte, rather than by STARTTLS", []Process{Work}, nil),
		define("mail.sesRegion", &s.Mail.SESRegion, "", "AWS region of SES (default: that of the environment)", []Process{Work}, regionOrNone),
		define("mail.configurationSet", &s.Mail.ConfigurationSet, "", "configuration set of SES", []Process{Work}, nil),
	}
}

func (s *Settings) workerFields() []field {
	return []field{
		define("worker.slots", &s.Worker.Slots, "0", "infrastructure steps at once (0: as the free memory allows when the worker starts)", working, atLeast(0)),
		define("worker.perAccount", &s.Worker.PerAccount, "0", "infrastructure steps at once in an AWS account, on this worker (0: as many as there are slots)", working, atLeast(0)),
		define("worker.grace", &s.Worker.Grace, "20s", "how long a step may go on after the worker is told to stop, before it is handed over to another worker", working, between(time.Second, 24*time.Hour)),
		define("worker.stepDeadline", &s.Worker.StepDeadline, "105m", "one try of an infrastructure step at most", working, between(time.Minute, 24*time.Hour)),
		define("worker.heartbeat", &s.Worker.Heartbeat, "30s", "silence after which a worker counts as dead and its step is given to another", working, between(time.Second, 10*time.Minute)),
		define("worker.retryPause", &s.Worker.RetryPause, "1s", "before a step is tried a second time; doubled for each further try, up to 30 times it", working, between(10*time.Millisecond, 5*time.Minute)),
		define("worker.weights", &s.Worker.Weights, "", "shares of the tiers in the places for infrastructure steps, tier=weight each, 0.001 to 1000 (default: 1)", working, nil),
		define("state.url", &s.State.URL, "", "where stacks' state is kept: s3://bucket?region=eu-west-1 for example; needed where workers are on several machines (default: files in dir)", []Process{Work}, nil),
		define("state.secretsProvider", &s.State.SecretsProvider, "", "what encrypts secrets in the state: awskms://alias/tenantform for example (default: a passphrase kept in dir)", []Process{Work}, nil),
	}
}

func (s *Settings) tellingFields() []field {
	return []field{
		define("log.level", &s.Log.Level, "info", "debug, info, warn or error", all, oneOf("debug", "info", "warn", "error")),
		define("log.format", &s.Log.Format, LogJSON, "json or text", all, oneOf(LogText, LogJSON)),
		define("traces.endpoint", &s.Traces.Endpoint, "", "where spans are sent by OTLP over gRPC: http://127.0.0.1:4317, or https:// (default: nowhere)", all, endpoint),
		define("traces.ratio", &s.Traces.Ratio, "1", "share of the requests whose traces are kept, 0 to 1", all, ratio),
		define("traces.headers", &s.Traces.Headers, "", "headers for the endpoint, name=value each, with commas between them", all, nil),
		define("traces.headersFile", &s.Traces.HeadersFile, "", "file with the headers for the endpoint", all, nil),
		define("dev.issuerAddress", &s.Dev.IssuerAddress, "127.0.0.1:0", "where dev publishes the keys of its tokens, on this machine; port 0 is a free one", []Process{Dev}, address),
		define("dev.temporalPort", &s.Dev.TemporalPort, "0", "port of dev's Temporal server (0: a free one)", []Process{Dev}, portOrFree),
	}
}
