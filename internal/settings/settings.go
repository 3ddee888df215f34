package settings

import (
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Process is what the settings are for.
type Process string

// The processes. The zero value is all of them: what no process needs is not
// required then, and everything that is set is checked.
const (
	Serve Process = "serve"
	Work  Process = "worker"
	Dev   Process = "dev"
)

// Targets of a worker's runs.
const (
	TargetLocal    = "local"
	TargetEmulator = "emulator"
	TargetAWS      = "aws"
)

// The drivers of mails.
const (
	MailDirectory = "directory"
	MailSMTP      = "smtp"
	MailSES       = "ses"
)

// Forms of log lines.
const (
	LogText = "text"
	LogJSON = "json"
)

// The accounts of the local target: there is nobody whose they could be.
const (
	LocalAccount          = "111111111111"
	LocalFunctionsAccount = "222222222222"
)

// Settings are all of them. Durations, counts and addresses are checked by Load,
// and every field has its default there. Table describes each.
type Settings struct {
	Dir               string
	Target            string
	Environment       string
	Region            string
	Account           string
	FunctionsAccount  string
	Supernet          string
	Zones             []string
	FunctionsZones    []string
	UnsignedFunctions bool
	Tiers             string
	Services          string

	Server     Server
	Monitoring Monitoring
	Store      Store
	Temporal   Temporal
	Auth       Auth
	Events     Events
	Dispatch   Dispatch
	Mail       Mail
	Worker     Worker
	State      State
	Log        Log
	Traces     Traces
	Dev        DevSettings

	sources map[string]source
}

// Server is where the API is served.
type Server struct {
	Address        string // host:port
	TLSCertificate string // file; empty: no TLS
	TLSKey         string // file
	BehindProxy    bool
	PublicDocs     bool
	Reads          float64 // a second and principal
	Writes         float64 // a second and principal
}

// Monitoring is where health, readiness and metrics are served.
type Monitoring struct {
	Address string // host:port
}

// Store is the ledger.
type Store struct {
	URL          string // "sqlite:path" or "postgres://..."
	Password     Secret
	PasswordFile string
	Connections  int
}

// Temporal is the server that remembers how far operations are.
type Temporal struct {
	Address     string
	Namespace   string
	TLS         bool
	CA          string // file
	Certificate string // file
	Key         string // file
	APIKey      Secret
	APIKeyFile  string
}

// Auth says whose tokens are accepted.
type Auth struct {
	Issuer      string
	Audience    string
	KeysURL     string
	NameClaim   string
	RolesClaim  string
	TenantClaim string
	RoleNames   []string // "name=role"
}

// Events are the topics and the queue between the control plane and the services.
type Events struct {
	Topic       string // URL: where services are asked
	Answers     string // URL: the queue with their answers
	DeadLetters string // URL: the topic of what failed
}

// Dispatch is how often the outbox and Temporal are compared.
type Dispatch struct {
	Every time.Duration
	Sweep time.Duration
}

// Mail is how tenants' administrators are told.
type Mail struct {
	Driver           string
	Directory        string
	FromName         string
	FromAddress      string
	Product          string
	Support          string
	MoveDeadline     time.Duration
	SMTPHost         string
	SMTPPort         int
	SMTPUsername     string
	SMTPPassword     Secret
	SMTPPasswordFile string
	SMTPImplicitTLS  bool
	SESRegion        string
	ConfigurationSet string
}

// Worker bounds what a worker does at once and for how long.
type Worker struct {
	Slots        int // 0: by memory
	PerAccount   int // 0: as many as slots
	Grace        time.Duration
	StepDeadline time.Duration
	Heartbeat    time.Duration
	RetryPause   time.Duration
	Weights      []string // "tier=weight"
}

// State is where stacks' state is kept.
type State struct {
	URL             string // empty: files below Dir
	SecretsProvider string // empty: a passphrase below Dir
}

// Log says what is logged, and how.
type Log struct {
	Level  string
	Format string
}

// Traces says where spans go.
type Traces struct {
	Endpoint    string // empty: nowhere
	Ratio       float64
	Headers     Secret // "name=value,name=value"
	HeadersFile string
}

// DevSettings are what only the development process has.
type DevSettings struct {
	IssuerAddress string
	TemporalPort  int
}

// Source says where a setting's value came from: "--server-address",
// "TENANTFORM_SERVER_ADDRESS", "tenantform.yaml:12" or "default".
func (s *Settings) Source(name string) string { return s.sources[name].String() }

// Given tells whether a setting was given, rather than left to its default.
func (s *Settings) Given(name string) bool { return s.sources[name].rank > byDefault }

// Fault makes the fault of a setting, named as its source names it.
func (s *Settings) Fault(name, value, allowed string) tenants.FieldError {
	return s.sources[name].fault(name, value, allowed)
}
