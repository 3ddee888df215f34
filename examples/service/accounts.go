package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tenantform/tenantform/service"
)

// account is what is billed to a tenant.
type account struct {
	Number     string         `json:"number"`
	Tenant     string         `json:"tenant"`
	Name       string         `json:"name"`
	CostCenter string         `json:"costCenter"`
	Tier       string         `json:"tier"`
	Licences   map[string]int `json:"licences,omitempty"` // by product
	Suspended  bool           `json:"suspended,omitempty"`
}

// accounts has a file for each tenant.
type accounts struct{ dir string }

func openAccounts(dir string) (*accounts, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the accounts cannot be kept: %w", err)
	}
	return &accounts{dir}, nil
}

func (a *accounts) register(s *service.Service) {
	s.OnCreate(a.open)
	s.OnUpdate(a.open)
	s.OnMove(a.open)
	s.OnReconcile(a.open)
	s.OnDeactivate(a.suspend(true))
	s.OnActivate(a.suspend(false))
	s.OnDelete(a.remove)
}

func (a *accounts) path(tenant string) string { return filepath.Join(a.dir, tenant+".json") }

// open makes the account say what the tenant's record says. To do that twice is to
// do it once.
func (a *accounts) open(_ context.Context, r service.Request) (service.Outputs, error) {
	if strings.TrimSpace(r.Tenant.CostCenter) == "" {
		return nil, service.Refuse("the tenant %s has no cost centre, so nobody would pay; set its cost centre and retry the operation", r.Tenant.ID)
	}
	was, err := a.read(r.Tenant.ID)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	now := account{Number: "B-" + r.Tenant.ID, Tenant: r.Tenant.ID, Name: r.Tenant.Name, CostCenter: r.Tenant.CostCenter, Tier: r.Tenant.Tier, Suspended: was.Suspended}
	for _, p := range r.Tenant.Products {
		if now.Licences == nil {
			now.Licences = map[string]int{}
		}
		now.Licences[p.Name] = p.Licences
	}
	return service.Outputs{"account": now.Number}, a.write(now)
}

// suspend stops or resumes billing. A tenant without an account is as it should be.
func (a *accounts) suspend(suspended bool) service.Handler {
	return func(_ context.Context, r service.Request) (service.Outputs, error) {
		now, err := a.read(r.Tenant.ID)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		now.Suspended = suspended
		return nil, a.write(now)
	}
}

// remove closes the account; a second time there is nothing to close.
func (a *accounts) remove(_ context.Context, r service.Request) (service.Outputs, error) {
	if err := os.Remove(a.path(r.Tenant.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return nil, nil
}

func (a *accounts) read(tenant string) (account, error) {
	content, err := os.ReadFile(a.path(tenant))
	if err != nil {
		return account{}, err
	}
	var got account
	if err := json.Unmarshal(content, &got); err != nil {
		return account{}, fmt.Errorf("the account of %s is damaged: %w", tenant, err)
	}
	return got, nil
}

// write replaces the account's file as a whole, and returns when it outlives a
// crash of the machine: the answer to the control plane does too.
func (a *accounts) write(now account) error {
	content, err := json.MarshalIndent(now, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(a.dir, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(content, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), a.path(now.Tenant)); err != nil {
		return err
	}
	dir, err := os.Open(a.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
