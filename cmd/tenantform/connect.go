package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/tenantform/tenantform/internal/api/client"
	"github.com/tenantform/tenantform/tenants"
)

// tokenVariable may hold the token itself. There is no such flag: what is on a
// command line, every process of the machine can read.
const tokenVariable = "TENANTFORM_TOKEN"

// maxTokenFile is how many bytes of a token file are read; auth.MaxTokenLength
// is less.
const maxTokenFile = 64 << 10

// devClient is what "tenantform dev" leaves for clients, in dev/client.json
// below its directory.
type devClient struct {
	URL       string `json:"url"`
	TokenFile string `json:"tokenFile"` // relative to the directory of client.json, or absolute
}

// inProcess tells whether tenants are kept by this process, without a control
// plane. A flag wins over a variable, also where the one asks for a control
// plane and the other for none.
func (g *globals) inProcess() bool {
	return g.direct && (g.directSource == "--direct" || g.apiURL == "" || g.apiURLSource != "--api-url")
}

// connect gives the control plane that a flag, a variable or a running
// "tenantform dev" names. Nothing is sent yet.
func (a *app) connect() (*client.Client, error) {
	g := &a.flags
	dev, err := a.devClient()
	if err != nil {
		return nil, err
	}
	at, source := g.apiURL, g.apiURLSource
	if at == "" {
		at, source = dev.URL, a.devFile()
	} else {
		dev.TokenFile = "" // it is for another control plane
	}
	if at == "" {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition,
			"no control plane is known; start one with \"tenantform dev\", name one with --api-url, or use --direct")
	}
	token := a.token(dev.TokenFile)
	if token == nil {
		return nil, invalid("--token-file", "", "a file with a token for "+at+"; or "+tokenVariable+" with the token itself")
	}
	c, err := client.New(client.Args{URL: at, Token: token}, &client.Options{UserAgent: "tenantform/" + versionOf().Version})
	return c, renamed(err, map[string]string{"url": source})
}

func (a *app) devFile() string { return filepath.Join(a.flags.dir, "dev", "client.json") }

// devClient reads what a "tenantform dev" on this directory has left; the zero
// value where none runs.
func (a *app) devClient() (devClient, error) {
	var dev devClient
	data, err := os.ReadFile(a.devFile())
	if errors.Is(err, fs.ErrNotExist) {
		return dev, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &dev)
	}
	if err != nil {
		return dev, tenants.Errorf(tenants.CodeFailedPrecondition, "%s cannot be read: %w; start \"tenantform dev\" again, or use --api-url", a.devFile(), err)
	}
	// The directory may have come with a checkout: nothing of it may send a token,
	// or another file of this machine, anywhere else.
	dir, err := filepath.Abs(filepath.Dir(a.devFile()))
	if err != nil {
		return dev, err
	}
	if dev.TokenFile != "" && !filepath.IsAbs(dev.TokenFile) {
		dev.TokenFile = filepath.Join(dir, dev.TokenFile)
	}
	within, err := filepath.Rel(dir, dev.TokenFile)
	u, uerr := url.Parse(dev.URL)
	if err == nil && filepath.IsLocal(within) && uerr == nil && isLoopback(u.Hostname()) {
		return dev, nil
	}
	return devClient{}, tenants.Errorf(tenants.CodeFailedPrecondition,
		"%s names an address that is not of this machine, or a file elsewhere, and is not used; start \"tenantform dev\" again, or use --api-url", a.devFile())
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// token gives what gives the token: the file of the flag, the variable, the file
// of the variable, the file that is given; nil when there is none of them.
func (a *app) token(file string) func(context.Context) (string, error) {
	given, source := a.flags.tokenFile, a.flags.tokenFileSource
	if value := a.env[tokenVariable]; value != "" && (given == "" || source != "--token-file") {
		return func(context.Context) (string, error) { return strings.TrimSpace(value), nil }
	}
	if given == "" {
		given, source = file, a.devFile()
	}
	if given == "" {
		return nil
	}
	return func(context.Context) (string, error) { return readToken(source, given) }
}

// readToken reads a token file; source says who named it.
func readToken(source, file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", invalid(source, file, "a file with a token that can be read: "+reasonOf(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxTokenFile))
	if err != nil {
		return "", invalid(source, file, "a file with a token that can be read: "+reasonOf(err))
	}
	token := strings.TrimSpace(string(data))
	if token == "" || len(strings.Fields(token)) > 1 {
		return "", invalid(source, file, "a file with a token and nothing else")
	}
	return token, nil
}
