package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// docs are the API's description, as it is served.
type docs struct {
	document []byte
	page     []byte
	policy   string // the page's Content-Security-Policy
}

func makeDocs(a *assembly) (docs, error) {
	document, err := json.MarshalIndent(a.api.OpenAPI(), "", "  ")
	if err != nil {
		return docs{}, err
	}
	d := docs{document: append(document, '\n')}
	if d.page, err = renderPage(a); err != nil {
		return docs{}, err
	}
	sum := sha256.Sum256([]byte(pageStyle))
	d.policy = strings.Join([]string{
		"default-src 'none'", "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
	}, "; ")
	return d, nil
}

func (d docs) writeDocument(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/openapi+json")
	// Whoever went away needs no document.
	_, _ = w.Write(d.document)
}

func (d docs) writePage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", d.policy)
	// Whoever went away needs no page.
	_, _ = w.Write(d.page)
}
