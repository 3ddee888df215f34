package automation

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
)

// attachedKey is the variable that tells the CLI which providers it finds
// running already: "name:port", separated by commas.
const attachedKey = "PULUMI_DEBUG_PROVIDERS"

// relay stands between a CLI and the providers that this process serves, and
// does something before anything that the CLI says reaches a provider.
type relay struct {
	before    func()
	listeners []net.Listener
	mu        sync.Mutex
	conns     map[net.Conn]struct{} // nil once closed
}

// newRelay listens for each of the providers, and gives what the CLI is to be
// told instead of where they are.
func newRelay(ctx context.Context, providers string, before func()) (made *relay, told string, err error) {
	r := &relay{before: before, conns: map[net.Conn]struct{}{}}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	var names []string
	for entry := range strings.SplitSeq(providers, ",") {
		name, port, ok := strings.Cut(strings.TrimSpace(entry), ":")
		if _, err := strconv.ParseUint(port, 10, 16); !ok || err != nil {
			return nil, "", fmt.Errorf("%s has %q, want name:port", attachedKey, entry)
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, "", err
		}
		r.listeners = append(r.listeners, l)
		go r.serve(l, "127.0.0.1:"+port)
		names = append(names, name+":"+strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return r, strings.Join(names, ","), nil
}

func (r *relay) serve(l net.Listener, provider string) {
	for {
		cli, err := l.Accept()
		if err != nil {
			return
		}
		go r.connect(cli, provider)
	}
}

// connect joins a connection of the CLI to one to the provider. They end together.
func (r *relay) connect(cli net.Conn, provider string) {
	defer r.end(cli)
	if !r.begin(cli) {
		return
	}
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", provider)
	if err != nil {
		return
	}
	defer r.end(server)
	if !r.begin(server) {
		return
	}
	go func() {
		_, _ = io.Copy(cli, server)
		r.end(cli)
		r.end(server)
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := cli.Read(buffer)
		if n > 0 {
			r.before()
			if _, err := server.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// begin takes note of a connection; false when the relay is closed.
func (r *relay) begin(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns == nil {
		return false
	}
	r.conns[c] = struct{}{}
	return true
}

func (r *relay) end(c net.Conn) {
	r.mu.Lock()
	delete(r.conns, c)
	r.mu.Unlock()
	_ = c.Close()
}

// close ends the relay and its connections.
func (r *relay) close() {
	for _, l := range r.listeners {
		_ = l.Close()
	}
	r.mu.Lock()
	open := r.conns
	r.conns = nil
	r.mu.Unlock()
	for c := range open {
		_ = c.Close()
	}
}
