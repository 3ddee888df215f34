package events

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Types of events, beside those of RequestedType.
const (
	TypeAnswered      = "com.tenantform.service.answered.v1"
	TypeFailed        = "com.tenantform.operation.failed.v1"
	TypeUndeliverable = "com.tenantform.message.undeliverable.v1"
)

const requestedPrefix, requestedSuffix = "com.tenantform.tenant.", ".requested.v1"

// RequestedType gives the type of the event that asks services to take part in an
// operation of a kind: "com.tenantform.tenant.create.requested.v1".
func RequestedType(kind tenants.OperationKind) string {
	return requestedPrefix + string(kind) + requestedSuffix
}

// Limits of an answer. They keep it within what an operation's record shows.
const (
	MaxErrorLength  = 2000 // bytes of an answer's error
	MaxOutputs      = 50
	MaxOutputLength = 2000 // bytes of an output's value
)

var (
	traceParent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
	nameForm    = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	operationID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	outputName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)
)

// Requested asks services to take part in an operation on a tenant. It is the data
// of the events of RequestedType.
type Requested struct {
	// OperationID names the operation; an answer repeats it.
	OperationID string `json:"operationId" pattern:"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"`
	// Kind is what is being done to the tenant.
	Kind tenants.OperationKind `json:"kind"`
	// Attempt counts the askings within the operation, from 1; an answer repeats it.
	Attempt int `json:"attempt" minimum:"1"`
	// Services are those that are asked; another service ignores the event.
	Services []Ask `json:"services" min:"1"`
	// Tenant is the tenant as the operation leaves it: as it will be after an
	// update, and as it was before a deletion.
	Tenant Tenant `json:"tenant"`
	// FromTier is the tier that a move leaves; empty for other kinds.
	FromTier string `json:"fromTier,omitempty"`
	// ToTier is the tier that a move leads to; empty for other kinds.
	ToTier string `json:"toTier,omitempty"`
}

// Ask is one service that is asked.
type Ask struct {
	// Service is its name in the catalogue.
	Service string `json:"service" max:"40" pattern:"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"`
	// AnswerBy is the moment after which its answer counts no more.
	AnswerBy time.Time `json:"answerBy"`
}

// Tenant is what a business service is told of a tenant. Nothing in it is secret.
type Tenant struct {
	// ID never changes.
	ID string `json:"id" min:"3" max:"28" pattern:"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"`
	// Name is shown to people.
	Name string `json:"name"`
	// AdminEmail is the address of the tenant's administrator.
	AdminEmail string `json:"adminEmail"`
	// Tier is a name in the catalogue of tiers.
	Tier string `json:"tier"`
	// Model says how its infrastructure is shared; it is empty before there is any.
	Model tenants.Model `json:"model,omitempty"`
	// Region is the AWS region where it lives.
	Region string `json:"region"`
	// CostCenter is whom its costs are told to; it may be empty.
	CostCenter string `json:"costCenter,omitempty"`
	// Status is where the tenant stands.
	Status tenants.Status `json:"status"`
	// Origins are the web origins of its application.
	Origins []string `json:"origins,omitempty"`
	// Products are what it has licences for.
	Products []Product `json:"products,omitempty"`
	// Settings are outputs of its infrastructure; empty before there is any.
	Settings Settings `json:"settings,omitzero"`
}

// Product is something that a tenant has licences for.
type Product struct {
	// Name is 1 to 40 lower-case letters, digits and single hyphens.
	Name string `json:"name" max:"40" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$"`
	// Licences says how many; 0: they are not counted.
	Licences int `json:"licences" minimum:"0"`
}

// Settings are those outputs of a tenant's infrastructure that an application needs.
type Settings struct {
	// UserPoolID is the Cognito user pool.
	UserPoolID string `json:"userPoolId,omitempty"`
	// AppClientID is the pool's client for the application.
	AppClientID string `json:"appClientId,omitempty"`
	// Endpoint is the URL of the tenant's API.
	Endpoint string `json:"endpoint,omitempty"`
	// IssuerURL is the issuer of the tokens that the API takes.
	IssuerURL string `json:"issuerUrl,omitempty"`
}

// Outcome is how a service's part in an operation ended.
type Outcome string

// The outcomes.
const (
	OutcomeSucceeded Outcome = "succeeded"
	OutcomeFailed    Outcome = "failed"
)

// Answer is a service's answer. It is the data of the events of TypeAnswered.
type Answer struct {
	// OperationID is that of the event that asked.
	OperationID string `json:"operationId" pattern:"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"`
	// Service is the name of the service that answers.
	Service string `json:"service" max:"40" pattern:"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"`
	// Attempt is that of the event that asked.
	Attempt int `json:"attempt" minimum:"1"`
	// Outcome is how it ended.
	Outcome Outcome `json:"outcome"`
	// Error says why it failed, for the delivery team; without secrets.
	Error string `json:"error,omitempty" max:"2000"`
	// Outputs are what the service made, an account's number for example, for whoever reads the event; the control plane does not keep them. No secrets.
	Outputs map[string]string `json:"outputs,omitempty"`
}

// Failed is what is known of an operation that failed. It is the data of the
// events of TypeFailed, which are on the dead-letter topic.
type Failed struct {
	// Operation is how far it came, with its steps and services.
	Operation tenants.Operation `json:"operation"`
	// TenantBefore is the tenant as it was before the operation; absent for a creation.
	TenantBefore *tenants.Tenant `json:"tenantBefore,omitempty"`
	// Request is what was asked for, without secrets.
	Request json.RawMessage `json:"request,omitempty"`
	// Cause says what failed.
	Cause Cause `json:"cause"`
	// Omitted names fields that were left out because the message would have been too long.
	Omitted []string `json:"omitted,omitempty"`
}

// Cause is why an operation failed.
type Cause struct {
	// Code is the class of the error.
	Code tenants.Code `json:"code"`
	// Message is for people, without secrets.
	Message string `json:"message"`
	// Step is the step that failed; empty where it was none.
	Step string `json:"step,omitempty"`
}

// Undeliverable is a message that nobody could deal with. It is the data of the
// events of TypeUndeliverable, which are on the dead-letter topic.
type Undeliverable struct {
	// Queue is the name of what the message was received from.
	Queue string `json:"queue"`
	// Reason says why it was given up.
	Reason string `json:"reason"`
	// Attempts says how often it was tried; 0 for one that is malformed.
	Attempts int `json:"attempts" minimum:"0"`
	// Body is the message's body in base64, cut where it is too long.
	Body []byte `json:"body"`
	// Truncated says that the body is cut.
	Truncated bool `json:"truncated,omitempty"`
	// Metadata are the message's attributes.
	Metadata map[string]string `json:"metadata,omitempty"`
}

// Validate gives what is wrong with the request, nil when nothing is.
func (r Requested) Validate() []tenants.FieldError {
	fields := validateReference(r.OperationID, r.Attempt)
	refuse := func(field, value, allowed string) {
		fields = append(fields, tenants.FieldError{Field: field, Value: value, Allowed: allowed})
	}
	if !slices.Contains(tenants.OperationKinds(), r.Kind) {
		refuse("kind", string(r.Kind), "a kind of operation")
	}
	if len(r.Services) == 0 {
		refuse("services", "", "a list of at least one service")
	}
	seen := map[string]bool{}
	for i, a := range r.Services {
		path := fmt.Sprintf("services[%d]", i)
		if !validServiceName(a.Service) || seen[a.Service] {
			refuse(path+".service", a.Service, "the name of a service, each once")
		}
		seen[a.Service] = true
		if a.AnswerBy.IsZero() {
			refuse(path+".answerBy", "", "a time")
		}
	}
	return append(fields, tenants.ValidateID("tenant.id", r.Tenant.ID)...)
}

// Ask gives what is asked of a service, and false where nothing is.
func (r Requested) Ask(service string) (Ask, bool) {
	i := slices.IndexFunc(r.Services, func(a Ask) bool { return a.Service == service })
	if i < 0 {
		return Ask{}, false
	}
	return r.Services[i], true
}

// Validate gives what is wrong with the answer, nil when nothing is.
func (a Answer) Validate() []tenants.FieldError {
	fields := validateReference(a.OperationID, a.Attempt)
	refuse := func(field, value, allowed string) {
		fields = append(fields, tenants.FieldError{Field: field, Value: value, Allowed: allowed})
	}
	if !validServiceName(a.Service) {
		refuse("service", a.Service, "the name of a service")
	}
	switch a.Outcome {
	case OutcomeSucceeded:
		if a.Error != "" {
			refuse("error", a.Error, "nothing where the outcome is succeeded")
		}
	case OutcomeFailed:
		if strings.TrimSpace(a.Error) == "" {
			refuse("error", "", "why it failed")
		}
	default:
		refuse("outcome", string(a.Outcome), "succeeded or failed")
	}
	if len(a.Error) > MaxErrorLength {
		refuse("error", a.Error, fmt.Sprintf("at most %d bytes", MaxErrorLength))
	}
	if len(a.Outputs) > MaxOutputs {
		refuse("outputs", strconv.Itoa(len(a.Outputs))+" outputs", fmt.Sprintf("at most %d", MaxOutputs))
	}
	for _, name := range slices.Sorted(maps.Keys(a.Outputs)) {
		if !outputName.MatchString(name) {
			refuse("outputs", name, "names of 1 to 64 letters, digits, dots, hyphens and underscores, beginning with a letter")
		}
		if len(a.Outputs[name]) > MaxOutputLength {
			refuse("outputs."+name, fmt.Sprintf("%d bytes", len(a.Outputs[name])), fmt.Sprintf("at most %d bytes", MaxOutputLength))
		}
	}
	return fields
}

func validateReference(operation string, attempt int) []tenants.FieldError {
	var fields []tenants.FieldError
	if !operationID.MatchString(operation) {
		fields = append(fields, tenants.FieldError{Field: "operationId", Value: operation, Allowed: "the id of an operation"})
	}
	if attempt < 1 {
		fields = append(fields, tenants.FieldError{Field: "attempt", Value: strconv.Itoa(attempt), Allowed: "a whole number, at least 1"})
	}
	return fields
}

func validServiceName(name string) bool {
	return len(name) <= tenants.MaxServiceNameLength && nameForm.MatchString(name)
}

// TenantOf gives what a business service is told of a tenant.
func TenantOf(t tenants.Tenant) Tenant {
	out := Tenant{
		ID: t.ID, Name: t.Name, AdminEmail: t.AdminEmail, Tier: t.Tier, Region: t.Region, CostCenter: t.CostCenter, Status: t.Status,
		Origins: slices.Clone(t.Origins),
		Settings: Settings{UserPoolID: t.Settings.UserPoolID, AppClientID: t.Settings.AppClientID,
			Endpoint: t.Settings.Endpoint, IssuerURL: t.Settings.IssuerURL},
	}
	if len(t.Placements) > 0 {
		out.Model = t.Placements[len(t.Placements)-1].Model
	}
	for _, p := range t.Products {
		out.Products = append(out.Products, Product{Name: p.Name, Licences: p.Licences})
	}
	return out
}
