package main

import (
	"encoding/json"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/tenants"
)

// examples gives an event of each schema, by the schema's name, and one more for a
// service that fails.
func examples() (map[string]events.Event, error) {
	at := time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC)
	c := events.Context{Time: at, CorrelationID: "4bf92f3577b34da6a3ce929d0e0e4736"}
	tenant := tenants.Tenant{ID: "acme", Name: "Acme Ltd", AdminEmail: "admin@acme.example", Tier: "standard", Region: "eu-west-1", CostCenter: "4711",
		Status: tenants.StatusCreating, Placements: []tenants.Placement{{Model: tenants.ModelPool, Cell: "a"}},
		Products: []tenants.Product{{Name: "reports", Licences: 25, AddedAt: at}}, Origins: []string{"https://acme.example"}, CreatedAt: at, UpdatedAt: at}
	answered := events.Answer{OperationID: "01jnf6m2", Service: "billing", Attempt: 1, Outcome: events.OutcomeSucceeded, Outputs: map[string]string{"account": "B-1001"}}
	refused := events.Answer{OperationID: "01jnf6m2", Service: "billing", Attempt: 1, Outcome: events.OutcomeFailed, Error: "the tenant has no cost centre; set one and try again"}
	operation := tenants.Operation{ID: "01jnf6m2", TenantID: "acme", Kind: tenants.OperationCreate, Initiator: "dana@example.com", Reason: "signed on Monday",
		Progress: tenants.ProgressFailed, StartedAt: at, EndedAt: at.Add(time.Minute), Error: "billing failed", CorrelationID: c.CorrelationID,
		Steps: []tenants.Step{{Name: "provision", Progress: tenants.ProgressSucceeded, StartedAt: at, EndedAt: at.Add(40 * time.Second)},
			{Name: "services", Progress: tenants.ProgressFailed, StartedAt: at.Add(40 * time.Second), EndedAt: at.Add(time.Minute), Error: "billing failed"}},
		Services: []tenants.ServiceState{{Service: "billing", Progress: tenants.ProgressFailed, Attempt: 1, Error: refused.Error, EndedAt: at.Add(time.Minute)}}}
	failed := events.Failed{Operation: operation, Request: json.RawMessage(`{"id":"acme","tier":"standard"}`),
		Cause: events.Cause{Code: tenants.CodeFailedPrecondition, Message: "billing failed: " + refused.Error, Step: "services"}}

	out := map[string]events.Event{}
	for name, make := range map[string]func() (events.Event, error){
		"tenant-requested.v1": func() (events.Event, error) {
			return events.NewRequested(c, events.Requested{OperationID: "01jnf6m2", Kind: tenants.OperationCreate, Attempt: 1,
				Services: []events.Ask{{Service: "billing", AnswerBy: at.Add(time.Hour)}}, Tenant: events.TenantOf(tenant)})
		},
		"service-answered.v1":        func() (events.Event, error) { return events.NewAnswered(c, "acme", answered) },
		"service-answered.v1.failed": func() (events.Event, error) { return events.NewAnswered(c, "acme", refused) },
		"operation-failed.v1":        func() (events.Event, error) { return events.NewFailed(c, failed) },
		"message-undeliverable.v1": func() (events.Event, error) {
			return events.NewUndeliverable(c, "6c1f3a", events.Undeliverable{Queue: "awssqs://sqs.eu-west-1.amazonaws.com/123456789012/answers",
				Reason: "a message is not a CloudEvent in JSON", Body: []byte("hello"), Metadata: map[string]string{"service": "billing"}})
		},
	} {
		e, err := make()
		if err != nil {
			return nil, err
		}
		out[name] = e
	}
	return out, nil
}
