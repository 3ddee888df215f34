package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"

	"github.com/tenantform/tenantform/tenants"
)

// outcome is what an error of a driver means for the call.
type outcome int

const (
	broken  outcome = iota // a defect, or damage
	passing                // it may succeed later
	raced                  // another transaction was in the way; the same one may succeed at once
)

// errRaced says that another transaction was in the way of this one.
var errRaced = errors.New("another transaction was first")

// meaning says what an error means for the call.
func (s *Store) meaning(err error) outcome {
	if errors.Is(err, errRaced) {
		return raced
	}
	return s.dialect.classify(err)
}

// classified gives an error of a driver a code. What the driver says is the
// cause, not the message: it may name hosts and users.
func (s *Store) classified(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, own := errors.AsType[*tenants.Error](err); own {
		return err
	}
	coded := func(code tenants.Code, message string) error {
		return &tenants.Error{Code: code, Message: message, Cause: err}
	}
	if cause := ctx.Err(); cause != nil {
		return &tenants.Error{Code: tenants.CodeUnavailable, Message: "the store was not asked to the end: " + cause.Error(), Cause: errors.Join(cause, err)}
	}
	switch s.meaning(err) {
	case raced:
		return coded(tenants.CodeConflict, "other changes were in the way of this one; try again")
	case passing:
		return coded(tenants.CodeUnavailable, s.dialect.name+" did not carry it out; try again, and look into the log where it stays so")
	case broken:
	}
	return coded(tenants.CodeInternal, s.dialect.name+" refused what the store asked of it; the log has the cause")
}

// connection tells whether an error is about the way to the database.
func connection(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// alive refuses a call whose caller has gone.
func alive(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return tenants.Errorf(tenants.CodeUnavailable, "the store was not asked: %w", err)
	}
	return nil
}
