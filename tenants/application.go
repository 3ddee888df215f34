package tenants

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of what is told about a tenant's application. The store of a tenant's
// record is the only thing that they protect.
const (
	MaxOrigins           = 20
	MaxProducts          = 50
	MaxLicences          = 1_000_000
	MaxProductNameLength = 40
	MaxCorrelationLength = 128
)

// Product is something that a tenant has licences for.
type Product struct {
	Name     string    `json:"name"`     // 1 to MaxProductNameLength lower-case letters, digits and single hyphens
	Licences int       `json:"licences"` // how many; 0: they are not counted
	AddedAt  time.Time `json:"addedAt"`
}

// Settings are the outputs of a tenant's stack that an application needs. The
// zero value means that the tenant is not provisioned yet.
type Settings struct {
	UserPoolID  string `json:"userPoolId,omitempty"`  // Cognito user pool, "eu-west-1_AbCdEfGhI" for example
	AppClientID string `json:"appClientId,omitempty"` // the pool's client for the application
	Endpoint    string `json:"endpoint,omitempty"`    // URL of the tenant's API
	IssuerURL   string `json:"issuerUrl,omitempty"`   // issuer of the tokens that the API takes
}

// ServiceState is how a business service stands towards a tenant, or towards one
// operation on it.
type ServiceState struct {
	Service  string    `json:"service"`           // a name in the catalogue of services
	Progress Progress  `json:"progress"`          // running: asked, and not answered yet
	Attempt  int       `json:"attempt,omitempty"` // how often it has been asked; answers to an earlier attempt do not count
	Error    string    `json:"error,omitempty"`   // why it failed
	EndedAt  time.Time `json:"endedAt,omitzero"`  // when it answered, or when its time was up
}

var (
	productPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	hostPattern    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
)

const maxHostLength = 253 // RFC 1035, section 2.3.4, as text

var (
	productAllowed = fmt.Sprintf("1 to %d lower-case letters, digits and single hyphens", MaxProductNameLength)
	originAllowed  = `a web origin as browsers send it, "https://acme.example" for example: http or https, a host in lower case, ` +
		"a port unless it is the scheme's own, and nothing behind"
)

// ValidateOrigin checks that a web origin is written as browsers send it, so that
// equal origins are equal texts; field is its path in the error. Source: "Origin",
// section "ASCII serialization" (RFC 6454, section 6.2).
func ValidateOrigin(field, origin string) []FieldError {
	refused := []FieldError{{Field: field, Value: origin, Allowed: originAllowed}}
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
		return refused
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.String() != host || ip.Zone() != "" {
			return refused
		}
		if ip.Is6() {
			host = "[" + host + "]"
		}
	} else if len(host) > maxHostLength || !hostPattern.MatchString(host) {
		return refused
	}
	plain := u.Scheme + "://" + host
	if port := u.Port(); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		own := map[string]uint64{"http": 80, "https": 443}[u.Scheme]
		if err != nil || n == 0 || n == own || strconv.FormatUint(n, 10) != port {
			return refused
		}
		plain += ":" + port
	}
	if plain != origin {
		return refused
	}
	return nil
}

// ValidateProduct checks a product's name; field is its path in the error.
func ValidateProduct(field, name string) []FieldError {
	if len(name) > MaxProductNameLength || !productPattern.MatchString(name) {
		return []FieldError{{Field: field, Value: name, Allowed: productAllowed}}
	}
	return nil
}

// ValidateApplication gives what is wrong with the parts of the tenant that need no
// catalogue of tiers: its origins, its products and the states of services. It is
// a part of Validate.
func (t Tenant) ValidateApplication() []FieldError {
	var fields []FieldError
	if len(t.Origins) > MaxOrigins {
		fields = append(fields, FieldError{Field: "origins", Value: fmt.Sprintf("%d origins", len(t.Origins)), Allowed: fmt.Sprintf("at most %d", MaxOrigins)})
	}
	for i, origin := range t.Origins {
		path := fmt.Sprintf("origins[%d]", i)
		fields = append(fields, ValidateOrigin(path, origin)...)
		if slices.Contains(t.Origins[:i], origin) {
			fields = append(fields, FieldError{Field: path, Value: origin, Allowed: "each origin once"})
		}
	}
	if len(t.Products) > MaxProducts {
		fields = append(fields, FieldError{Field: "products", Value: fmt.Sprintf("%d products", len(t.Products)), Allowed: fmt.Sprintf("at most %d", MaxProducts)})
	}
	seen := make(map[string]bool, len(t.Products))
	for i, p := range t.Products {
		path := element("products", p.Name, i, productPattern.MatchString(p.Name) && !seen[p.Name])
		fields = append(fields, ValidateProduct(path+".name", p.Name)...)
		if seen[p.Name] && p.Name != "" {
			fields = append(fields, FieldError{Field: path + ".name", Value: p.Name, Allowed: "each product once"})
		}
		seen[p.Name] = true
		if p.Licences < 0 || p.Licences > MaxLicences {
			fields = append(fields, FieldError{Field: path + ".licences", Value: strconv.Itoa(p.Licences),
				Allowed: fmt.Sprintf("a whole number from 0 to %d; 0: they are not counted", MaxLicences)})
		}
	}
	return append(fields, validateServiceStates("services", t.Services)...)
}

func validateServiceStates(list string, states []ServiceState) []FieldError {
	var fields []FieldError
	seen := make(map[string]bool, len(states))
	for i, s := range states {
		path := fmt.Sprintf("%s[%d]", list, i)
		fields = append(fields, validateServiceName(path+".service", s.Service)...)
		if seen[s.Service] && s.Service != "" {
			fields = append(fields, FieldError{Field: path + ".service", Value: s.Service, Allowed: "each service once"})
		}
		seen[s.Service] = true
		fields = append(fields, validateProgress(path+".progress", s.Progress)...)
		if s.Attempt < 0 {
			fields = append(fields, FieldError{Field: path + ".attempt", Value: strconv.Itoa(s.Attempt), Allowed: "a whole number, at least 0"})
		}
	}
	return fields
}

func validateCorrelation(field, id string) []FieldError {
	if len(id) <= MaxCorrelationLength && utf8.ValidString(id) && !strings.ContainsFunc(id, func(r rune) bool { return r > unicode.MaxASCII || notGraphic(r) }) {
		return nil
	}
	return []FieldError{{Field: field, Value: id, Allowed: fmt.Sprintf("at most %d printable ASCII characters without spaces", MaxCorrelationLength)}}
}
