package tenants

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the catalogue of services.
const (
	MaxServiceNameLength = 40
	MaxServiceTimeoutSec = 86400 // a day
	// DefaultServiceTimeout is how long a service has to answer where its entry says nothing.
	DefaultServiceTimeout = time.Hour
)

var servicePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Service is an entry of the catalogue of business services: one that takes part
// in the life of tenants by subscribing to lifecycle events and answering them.
type Service struct {
	Name        string `json:"name"`        // 1 to MaxServiceNameLength lower-case letters, digits and single hyphens
	Description string `json:"description"` // what it does, for people; at most MaxNameLength characters
	// Operations are the kinds that it takes part in; none means DefaultServiceOperations.
	Operations []OperationKind `json:"operations,omitempty"`
	// TimeoutSec is how many seconds it has to answer, 1 to MaxServiceTimeoutSec; 0 means DefaultServiceTimeout.
	TimeoutSec int `json:"timeoutSec,omitempty"`
	// Products restricts it to tenants with one of these products, and to those that
	// it has been asked about already, so that it hears of a product that is taken
	// away; none means all tenants.
	Products []string `json:"products,omitempty"`
	// Optional says that its failure does not fail the operation.
	Optional bool `json:"optional,omitempty"`
}

// DefaultServiceOperations gives the kinds that a service takes part in where its
// entry names none: all but reconcile, which changes nothing for a service.
func DefaultServiceOperations() []OperationKind {
	return []OperationKind{OperationCreate, OperationUpdate, OperationMove, OperationDeactivate, OperationActivate, OperationDelete}
}

// Timeout gives how long the service has to answer.
func (s Service) Timeout() time.Duration {
	if s.TimeoutSec == 0 {
		return DefaultServiceTimeout
	}
	return time.Duration(s.TimeoutSec) * time.Second
}

// takesPart says whether the service is asked in an operation of a kind on a tenant.
func (s Service) takesPart(kind OperationKind, t Tenant) bool {
	kinds := s.Operations
	if len(kinds) == 0 {
		kinds = DefaultServiceOperations()
	}
	if !slices.Contains(kinds, kind) {
		return false
	}
	return len(s.Products) == 0 || slices.ContainsFunc(t.Products, func(p Product) bool { return slices.Contains(s.Products, p.Name) }) ||
		slices.ContainsFunc(t.Services, func(state ServiceState) bool { return state.Service == s.Name })
}

// ServiceCatalogue is the set of business services. The zero value has none.
type ServiceCatalogue struct {
	Services []Service `json:"services"`
}

// For gives the services that take part in an operation of a kind on a tenant, in
// the catalogue's order.
func (c ServiceCatalogue) For(kind OperationKind, t Tenant) []Service {
	var services []Service
	for _, s := range c.Services {
		if s.takesPart(kind, t) {
			services = append(services, s)
		}
	}
	return services
}

// Service gives the entry of that name, and false where there is none.
func (c ServiceCatalogue) Service(name string) (Service, bool) {
	i := slices.IndexFunc(c.Services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return c.Services[i], true
}

// Validate gives what is wrong with the catalogue, nil when nothing is. Paths
// name a service by its name, "services.billing.timeoutSec", or by its index
// where the name is unusable.
func (c ServiceCatalogue) Validate() []FieldError {
	var fields []FieldError
	seen := make(map[string]bool, len(c.Services))
	for i, s := range c.Services {
		path := element("services", s.Name, i, servicePattern.MatchString(s.Name) && !seen[s.Name])
		if seen[s.Name] && s.Name != "" {
			fields = append(fields, FieldError{Field: path + ".name", Value: s.Name, Allowed: "a name that no other service has"})
		}
		seen[s.Name] = true
		fields = append(fields, s.Validate(path)...)
	}
	return fields
}

// Validate gives what is wrong with the entry alone; prefix is its path.
func (s Service) Validate(prefix string) []FieldError {
	fields := validateServiceName(prefix+".name", s.Name)
	refuse := func(field, value, allowed string) {
		fields = append(fields, FieldError{Field: prefix + "." + field, Value: value, Allowed: allowed})
	}
	if utf8.RuneCountInString(s.Description) > MaxNameLength || !utf8.ValidString(s.Description) || strings.ContainsRune(s.Description, '\n') {
		refuse("description", s.Description, fmt.Sprintf("at most %d characters on one line", MaxNameLength))
	}
	for i, kind := range s.Operations {
		path := fmt.Sprintf("operations[%d]", i)
		if !slices.Contains(OperationKinds(), kind) {
			refuse(path, string(kind), "one of "+join(texts(OperationKinds())))
		} else if slices.Contains(s.Operations[:i], kind) {
			refuse(path, string(kind), "each kind once")
		}
	}
	if s.TimeoutSec < 0 || s.TimeoutSec > MaxServiceTimeoutSec {
		refuse("timeoutSec", strconv.Itoa(s.TimeoutSec), fmt.Sprintf("a whole number from 1 to %d, or 0 for %d", MaxServiceTimeoutSec, int(DefaultServiceTimeout.Seconds())))
	}
	for i, product := range s.Products {
		path := fmt.Sprintf("%s.products[%d]", prefix, i)
		fields = append(fields, ValidateProduct(path, product)...)
		if slices.Contains(s.Products[:i], product) {
			fields = append(fields, FieldError{Field: path, Value: product, Allowed: "each product once"})
		}
	}
	return fields
}

func validateServiceName(field, name string) []FieldError {
	if len(name) > MaxServiceNameLength || !servicePattern.MatchString(name) {
		return []FieldError{{Field: field, Value: name,
			Allowed: fmt.Sprintf("1 to %d lower-case letters, digits and single hyphens, beginning with a letter", MaxServiceNameLength)}}
	}
	return nil
}
