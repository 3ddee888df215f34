package identity

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
)

// Cognito's limits; see CreateResourceServer, CreateUserPoolClient and
// CreateUserPoolDomain in the user pools API Reference, and "Quotas in Amazon
// Cognito" in the Developer Guide (50 scopes a client, 1000 clients a pool).
const (
	maxIdentifier    = 256
	maxScopes        = 100
	maxClientScopes  = 50
	maxClients       = 999
	maxDomain        = 63
	minTokenMinutes  = 5
	maxTokenMinutes  = 60 // Cognito's own limit is a day
	tokenMinutes     = 15
	machineRefreshes = 1 // days; Cognito hands a machine no refresh token at all
)

var (
	identifierPattern = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]+$`)
	scopePattern      = regexp.MustCompile(`^[\x21\x23-\x2E\x30-\x5B\x5D-\x7E]+$`)
	domainPattern     = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	clientPattern     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
)

// ResourceServer is an API, as a user pool sees it: programs ask the user pool
// for tokens that name its scopes, and the API lets them do what these allow.
type ResourceServer struct {
	// Identifier begins the full name of each scope, "orders" of "orders/read" for
	// example; 1 to 256 printable ASCII characters other than a quote, a backslash
	// and a space. It cannot change.
	Identifier string
	Scopes     []Scope // 1 to 100, each once
	// Domain is the prefix of the address where clients get their tokens, the same
	// for all of AWS's region; 1 to 63 lower-case letters, digits and dashes, and
	// neither "aws", "amazon" nor "cognito" in it. Required when there are Clients,
	// and only then.
	Domain string
	// Clients are the programs; at most 999, each Name once.
	Clients []MachineClient
}

// Scope is something that a program may be allowed to do.
type Scope struct {
	Name        string // 1 to 256 printable ASCII characters other than / " \ and a space
	Description string // 1 to 256 characters
}

// MachineClient is a program with an id and a secret of its own. It gets tokens
// by the client credentials grant, and no user can sign in through it.
type MachineClient struct {
	Name   string   // ends the physical name, "<user pool>-<name>"; lower-case letters, digits and dashes
	Scopes []string // names of Scopes; 1 to 50
	// AccessTokenMinutes is how long a token is valid; 5 to 60, 15 when 0.
	AccessTokenMinutes int
}

// FullScope gives the name by which tokens and authorisers know a scope.
func (r *ResourceServer) FullScope(name string) string { return r.Identifier + "/" + name }

func (r *ResourceServer) check(c *check.Args, pool string) {
	if r == nil {
		return
	}
	c.Name("ResourceServer.Identifier", r.Identifier, maxIdentifier, identifierPattern)
	c.Between("ResourceServer.Scopes", len(r.Scopes), 1, maxScopes, "scopes")
	scopes := map[string]bool{}
	for _, s := range r.Scopes {
		c.Name("ResourceServer.Scopes.Name", s.Name, maxIdentifier, scopePattern)
		if scopes[s.Name] {
			c.Fault("ResourceServer.Scopes.Name", s.Name, "each scope once")
		}
		scopes[s.Name] = true
		c.Name("ResourceServer.Scopes."+s.Name+".Description", s.Description, maxIdentifier, anyPattern)
	}
	r.checkDomain(c)
	c.Between("ResourceServer.Clients", len(r.Clients), 0, maxClients, "clients")
	clients := map[string]bool{}
	for _, m := range r.Clients {
		c.Name("ResourceServer.Clients.Name", m.Name, max(1, maxName-len(pool)-1), clientPattern)
		if clients[m.Name] {
			c.Fault("ResourceServer.Clients.Name", m.Name, "each client once")
		}
		clients[m.Name] = true
		m.check(c, scopes)
	}
}

// anyPattern is for text that only its length limits.
var anyPattern = regexp.MustCompile(`(?s)^.+$`)

func (r *ResourceServer) checkDomain(c *check.Args) {
	if len(r.Clients) == 0 {
		if r.Domain != "" {
			c.Fault("ResourceServer.Domain", r.Domain, "none without Clients: it would open a sign-in page")
		}
		return
	}
	c.Name("ResourceServer.Domain", r.Domain, maxDomain, domainPattern)
	for _, word := range []string{"amazon", "aws", "cognito"} {
		if strings.Contains(r.Domain, word) {
			c.Fault("ResourceServer.Domain", r.Domain, "a prefix without "+word+", which Cognito keeps for itself")
		}
	}
}

func (m MachineClient) check(c *check.Args, known map[string]bool) {
	at := "ResourceServer.Clients." + m.Name
	c.Between(at+".Scopes", len(m.Scopes), 1, maxClientScopes, "scopes")
	for _, s := range m.Scopes {
		if !known[s] {
			c.Fault(at+".Scopes", s, "names of ResourceServer.Scopes")
		}
	}
	c.Between(at+".AccessTokenMinutes", m.minutes(), minTokenMinutes, maxTokenMinutes, "minutes")
}

func (m MachineClient) minutes() int {
	if m.AccessTokenMinutes == 0 {
		return tokenMinutes
	}
	return m.AccessTokenMinutes
}

// machines makes the resource server, the domain with the token endpoint, and
// the clients.
func (u *UserPool) machines(ctx *pulumi.Context, name string, args *Args, pool *cognito.UserPool) error {
	ids, secrets, endpoint := pulumi.StringMap{}, pulumi.StringMap{}, ""
	if r := args.ResourceServer; r != nil {
		server, err := cognito.NewResourceServer(ctx, name+"-scopes", &cognito.ResourceServerArgs{
			UserPoolId: pool.ID(),
			Identifier: pulumi.String(r.Identifier),
			Name:       pulumi.String(args.Name), // an identifier has characters that a name cannot have
			Scopes:     r.scopes(),
		}, pulumi.Parent(u))
		if err != nil {
			return err
		}
		if len(r.Clients) > 0 {
			if _, err := cognito.NewUserPoolDomain(ctx, name+"-domain", &cognito.UserPoolDomainArgs{
				UserPoolId: pool.ID(),
				Domain:     pulumi.String(r.Domain),
			}, pulumi.Parent(u)); err != nil {
				return err
			}
			endpoint = tokenEndpoint(args.Location, r.Domain)
		}
		for _, m := range r.Clients {
			client, err := cognito.NewUserPoolClient(ctx, name+"-machine-"+m.Name, r.client(args.Name, m, pool), pulumi.Parent(u),
				depend.On(server), pulumi.AdditionalSecretOutputs([]string{"clientSecret"}))
			if err != nil {
				return err
			}
			ids[m.Name], secrets[m.Name] = client.ID().ToStringOutput(), client.ClientSecret
		}
	}
	u.MachineClientIDs = ids.ToStringMapOutput()
	u.MachineSecrets = pulumi.ToSecret(secrets.ToStringMapOutput()).(pulumi.StringMapOutput)
	u.TokenEndpoint = pulumi.String(endpoint).ToStringOutput()
	return nil
}

func (r *ResourceServer) scopes() cognito.ResourceServerScopeArray {
	scopes := make(cognito.ResourceServerScopeArray, len(r.Scopes))
	for i, s := range r.Scopes {
		scopes[i] = cognito.ResourceServerScopeArgs{ScopeName: pulumi.String(s.Name), ScopeDescription: pulumi.String(s.Description)}
	}
	return scopes
}

// client allows the client credentials grant and nothing else. Where no flow
// and no attribute is named, Cognito allows several flows and every standard
// attribute: the fewest of both are one.
func (r *ResourceServer) client(poolName string, m MachineClient, pool *cognito.UserPool) *cognito.UserPoolClientArgs {
	scopes := make([]string, len(m.Scopes))
	for i, s := range m.Scopes {
		scopes[i] = r.FullScope(s)
	}
	fewest := pulumi.ToStringArray([]string{"email"})
	return &cognito.UserPoolClientArgs{
		UserPoolId:                      pool.ID(),
		Name:                            pulumi.String(poolName + "-" + m.Name),
		GenerateSecret:                  pulumi.Bool(true),
		AllowedOauthFlowsUserPoolClient: pulumi.Bool(true),
		AllowedOauthFlows:               pulumi.ToStringArray([]string{"client_credentials"}),
		AllowedOauthScopes:              pulumi.ToStringArray(scopes),
		ExplicitAuthFlows:               pulumi.ToStringArray([]string{"ALLOW_REFRESH_TOKEN_AUTH"}),
		PreventUserExistenceErrors:      pulumi.String("ENABLED"),
		EnableTokenRevocation:           pulumi.Bool(true),
		WriteAttributes:                 fewest,
		ReadAttributes:                  fewest,
		AccessTokenValidity:             pulumi.Int(m.minutes()),
		IdTokenValidity:                 pulumi.Int(m.minutes()),
		RefreshTokenValidity:            pulumi.Int(machineRefreshes),
		TokenValidityUnits: cognito.UserPoolClientTokenValidityUnitsArgs{
			AccessToken: pulumi.String("minutes"), IdToken: pulumi.String("minutes"), RefreshToken: pulumi.String("days"),
		},
	}
}

// tokenEndpoint gives the address of a prefix domain's token endpoint; see "User
// pool endpoints" in the Cognito Developer Guide.
func tokenEndpoint(l location.Location, domain string) string {
	auth := "auth"
	if l.Partition() == "aws-us-gov" {
		auth = "auth-fips"
	}
	return fmt.Sprintf("https://%s.%s.%s.amazoncognito.com/oauth2/token", domain, auth, l.Region)
}
