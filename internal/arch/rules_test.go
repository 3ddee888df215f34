package arch

// module is the project's path; the tables below name its packages without it.
const module = "github.com/tenantform/tenantform"

// ban keeps an imported package out of all but a few of ours. Patterns end in
// "/..." where they mean what lies below too. Tests may import what they like.
type ban struct {
	imported string
	allowed  []string
	reason   string
}

func bans() []ban {
	return []ban{
		{"github.com/pulumi/pulumi/sdk/v3/go/auto/...", []string{"automation"},
			"runs of Pulumi get their lease, their scrubbed environment and their classified errors in one place"},
		{"github.com/pulumi/...", []string{"components/...", "stacks/...", "automation", "internal/localcloud", "examples/blueprints/...", "policies/analyzer", "internal/blueprints/..."},
			"what describes and runs infrastructure knows Pulumi, nothing else; localcloud checks inputs against the SDK's types"},
		{"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2/...", []string{"components/firewall"},
			"the package adds 44 MB to whatever links it"},
		{module + "/components/firewall", []string{"internal/blueprints/..."},
			"it links the package of web ACLs, which the tenantform command must not; programs of one's own import it"},
		{"go.temporal.io/...", []string{"internal/workflows/...", "internal/controlplane", "cmd/..."},
			"what is done to a tenant must not depend on the engine that remembers how far it is"},
		{"github.com/open-policy-agent/...", []string{"policies/..."},
			"the others ask for a decision and get a report; how rules are written is the policies' own business"},
		{"modernc.org/sqlite/...", []string{"tenants/sqlstore"}, databases},
		{"github.com/mattn/go-sqlite3/...", []string{"tenants/sqlstore"}, databases},
		{"github.com/jackc/pgx/...", []string{"tenants/sqlstore"}, databases},
		{"github.com/lib/pq/...", []string{"tenants/sqlstore"}, databases},
		{"github.com/go-sql-driver/mysql/...", []string{"tenants/sqlstore"}, databases},
		{"database/sql/...", []string{"tenants/sqlstore"}, databases},
		{"github.com/pressly/goose/...", []string{"tenants/sqlstore"}, databases},
		{"github.com/goccy/go-yaml/...", []string{"internal/strictyaml"},
			"files that people write are read strictly, and their mistakes told with line and field, in one place"},
		{"gocloud.dev/...", []string{"internal/events/..."}, "everybody else sends and receives events, and knows no queue"},
		{"github.com/aws/aws-sdk-go-v2/...", []string{"internal/events", "internal/mail"}, "what is called at AWS directly is called by a driver, behind an interface"},
		{"github.com/wneessen/go-mail/...", []string{"internal/mail"}, "mails are composed and sent in one place"},
		{"github.com/danielgtaylor/huma/...", []string{"internal/api"}, "how requests are read and described is the API's own business"},
		{"github.com/coreos/go-oidc/...", []string{"internal/auth"}, "tokens are verified in one place"},
		{"github.com/go-jose/...", []string{"internal/auth", "internal/issuer"}, "keys and signatures of tokens are the business of who verifies and who makes them"},
		{"github.com/prometheus/...", []string{"internal/telemetry"}, "what is counted, and how, is decided in one place"},
		{"go.opentelemetry.io/otel/exporters/...", []string{"internal/telemetry"}, "where spans go is decided in one place"},
		{"github.com/spf13/...", []string{"cmd/..."}, "flags are the command's; everything else takes arguments"},
		{"testing/...", []string{"internal/killtest", "internal/mototest", "internal/testtime", "tenants/storetest", "components/componenttest", "examples/blueprints/blueprinttest"},
			"what helps tests is a package of its own, so that the binary does not carry the testing package"},
		{module + "/cmd/...", nil, "a main package wires the others and is used by none"},
		{module + "/tenants/storetest", nil, "it is for tests"},
		{module + "/internal/pgtest", nil, "it is for tests"},
		{module + "/internal/killtest", nil, "it is for tests"},
		{module + "/internal/testtime", nil, "it is for tests"},
		{module + "/components/componenttest", []string{"internal/blueprints/..."}, "it is for tests, and for the catalogue, which runs components to describe them"},
		{module + "/examples/blueprints/blueprinttest", nil, "it is for tests"},
		{module + "/internal/blueprints/...", nil, "it links every component and the tests' recorder, which nobody's program needs"},
		{module + "/internal/mototest", nil, "it is for tests"},
		{module + "/internal/arch", nil, "it is for tests"},
	}
}

const databases = "one store is tested on every database, and every other package is tested on the store's interface"

// direction says which of the project's packages a package may import. A row of
// a package wins over one of what it lies in.
type direction struct {
	pkg          string
	may          []string
	onlyStandard bool // nothing of other modules either
	reason       string
}

func directions() []direction {
	return []direction{
		{"tenants", nil, true, "it is the vocabulary: every package may import it, so it imports none"},
		{"tenants/filestore", []string{"internal/atomicfile", "tenants"}, true, adapters},
		{"tenants/storetest", []string{"tenants"}, true, "the suite is for every store, and knows none"},
		{"tenants/tenantfile", []string{"tenants", "internal/strictyaml"}, false, "it knows the fields; how a file is read is the reader's business"},
		{"tenants/servicefile", []string{"tenants", "internal/strictyaml"}, false, "it knows the fields; how a file is read is the reader's business"},
		{"tenants/...", []string{"tenants"}, false, adapters},
		{"automation/plan", []string{"tenants"}, true, "rules, reports and CI read plans without Pulumi in their binary"},
		{"automation", []string{"automation/plan", "internal/atomicfile", "policies", "stacks", "tenants"}, false,
			"the engine runs programs and asks the gate; who asked for the run is not its business"},
		{"components/...", []string{"components/...", "tenants"}, false,
			"a component can be imported into anybody's program: it knows no store, no HTTP and no workflow"},
		{"stacks", []string{"components/...", "tenants"}, false, "a program is components and a specification"},
		{"stacks/program", []string{"stacks", "tenants"}, false, "it fills specifications from stack configuration, and runs the same programs"},
		{"policies/policyfile", []string{"policies", "internal/strictyaml", "tenants"}, false, "it knows the fields; how a file is read is the reader's business"},
		{"policies/analyzer", []string{"policies", "policies/policyfile", "automation/plan", "tenants", "tenants/tenantfile"}, false,
			"it is the engine's way to the rules: their settings come from files, and the catalogue too"},
		{"policies/internal/inputdocs", []string{"internal/typeschema", "policies", "automation/plan", "tenants"}, false, "it describes the input, and how Go types are read is the reader's business"},
		{"policies/...", []string{"policies/...", "automation/plan", "tenants"}, false, "a decision depends on the plan and the catalogue alone"},
		{"examples/blueprints/...", []string{"components/...", "tenants"}, false, "an example is made of what anybody's program can import"},
		{"examples/blueprints/blueprinttest", []string{"automation", "internal/localcloud", "policies"}, false, "it runs the examples as the command runs its own programs"},
		{"internal/alarm", []string{"automation/plan", "internal/events", "policies", "tenants"}, false,
			"it tells of what was found; who looked, and how, is not its business"},
		{"internal/api", []string{"automation", "internal/api/wire", "internal/auth", "internal/lifecycle", "internal/workflows", "tenants"}, false,
			"it decodes, authorises and writes into the ledger; who does the work takes it from there"},
		{"internal/api/wire", []string{"tenants"}, true, "server and clients share it, and it knows neither"},
		{"internal/api/internal/...", []string{"internal/api"}, false, "it describes the API"},
		{"internal/api/client", []string{"internal/api/wire", "tenants"}, true, "it knows the documents of the API, and nothing of who answers"},
		{"internal/arch", nil, true, "its rules must not depend on what they rule"},
		{"internal/atomicfile", nil, true, "it is how every package writes files that must be whole"},
		{"internal/auth", []string{"tenants"}, false, "who somebody is, and what they may do, depends on no adapter"},
		{"internal/blueprints/...", []string{"internal/blueprints/...", "components/...", "automation/plan", "policies", "tenants"}, false,
			"it describes components by running them and asking the policies about the result"},
		{"internal/controlplane", []string{"automation", "internal/api", "internal/atomicfile", "internal/auth", "internal/events", "internal/issuer", "internal/lifecycle", "internal/localcloud", "internal/mail",
			"internal/settings", "internal/telemetry", "internal/workflows", "policies", "stacks", "tenants", "tenants/servicefile", "tenants/sqlstore", "tenants/tenantfile"}, false,
			"it makes processes of the parts, so that the command and tests start the same ones"},
		{"internal/direct", []string{"internal/lifecycle", "tenants"}, true, "it is the loop around the steps of operations, and nothing else"},
		{"internal/issuer", []string{"internal/atomicfile", "internal/auth", "tenants"}, false, "it knows the roles that tokens name, and nothing of the API that they are for"},
		{"internal/lifecycle", []string{"automation", "automation/plan", "policies", "stacks", "tenants"}, false,
			"operations use the engine and the stores' interfaces, and no adapter by name"},
		{"internal/workflows", []string{"automation", "internal/lifecycle", "tenants"}, false,
			"it is how far operations are, and declares what it needs of stores, queues and mail"},
		{"internal/events", []string{"internal/events/spool", "tenants"}, false, "it knows events and queues; what an answer does to an operation its handler knows"},
		{"internal/events/spool", []string{"internal/atomicfile"}, false, "it is a queue, and knows no event"},
		{"internal/events/internal/...", []string{"internal/events", "internal/typeschema", "tenants"}, false, "it describes the events"},
		{"internal/mail", []string{"internal/atomicfile", "tenants"}, false, adapters},
		{"internal/typeschema", nil, true, "it reads any Go types; what they are of its users know"},
		{"internal/mototest", nil, true, "it is for the tests of every driver"},
		{"service", []string{"internal/atomicfile", "internal/events", "tenants"}, false, "anybody's program imports it: it knows the events, and nothing of the control plane"},
		{"examples/service", []string{"service"}, false, "it is what anybody could write"},
		{"internal/funcarchive", []string{"tenants"}, true, adapters},
		{"internal/killtest", nil, true, "it knows processes, and what an engine's directory looks like"},
		{"internal/localcloud", []string{"tenants"}, false, adapters},
		{"internal/pgtest", nil, true, "it runs a server for tests, and knows nobody's tables"},
		{"internal/testtime", nil, true, "it is for the tests of every package"},
		{"internal/settings", []string{"internal/strictyaml", "tenants"}, false, "it knows what settings there are; what they lead to is known to who uses them"},
		{"internal/settings/internal/...", []string{"internal/settings"}, false, "it describes the settings"},
		{"internal/strictyaml", []string{"tenants"}, false, "files of every kind are read by it, so it knows none"},
		{"internal/telemetry", []string{"tenants"}, false, "it counts and traces what it is told of, and knows none of those who tell"},
		{"test/controlplane", nil, true, "it has tests only, which see the control plane from outside"},
		{"internal/telemetry/internal/...", []string{"internal/telemetry"}, false, "it describes the metrics"},
		{"cmd/...", []string{"..."}, false, "the only place where adapters meet"},
	}
}

const adapters = "adapters never import each other: each is replaced without touching another"
