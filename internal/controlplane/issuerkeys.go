package controlplane

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// keysReachable is a check of readiness: the issuer's keys can be fetched. What it
// fetches it does not use; tokens are verified elsewhere.
func keysReachable(issuer, keysURL string) func(context.Context) error {
	client := &http.Client{Timeout: 3 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(ctx context.Context) error {
		at := keysURL
		if at == "" {
			body, err := fetch(ctx, client, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
			if err != nil {
				return err
			}
			var found struct {
				Keys string `json:"jwks_uri"`
			}
			if err := json.Unmarshal(body, &found); err != nil || found.Keys == "" {
				return tenants.Errorf(tenants.CodeUnavailable, "the issuer %s does not say where its keys are", issuer)
			}
			at = found.Keys
		}
		_, err := fetch(ctx, client, at)
		return err
	}
}

// maxKeys is how many bytes an answer of the issuer is read.
const maxKeys = 1 << 20

func fetch(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the issuer's keys are at no URL: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeUnavailable, "the issuer does not answer: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, tenants.Errorf(tenants.CodeUnavailable, "the issuer answers %s at %s", res.Status, url)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxKeys))
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeUnavailable, "the issuer's answer ended early: %w", err)
	}
	return body, nil
}
