// Package mototest lets tests talk to an emulator of AWS, moto's server, where it
// is on the machine.
package mototest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Region is the region that the environment names.
const Region = "eu-west-1"

// startWithin is how long the emulator may take to listen.
const startWithin = 60 * time.Second

// Start serves the emulator on a free port of the loopback until the test ends,
// points the environment's AWS settings at it, and gives its URL. Where there is
// no moto_server on PATH the test is skipped. The test cannot be parallel.
func Start(t testing.TB) string {
	t.Helper()
	command, err := exec.LookPath("moto_server")
	if err != nil {
		t.Skip("there is no moto_server on PATH (pip install 'moto[server]'), so nothing emulates AWS here")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(address)
	path := filepath.Join(t.TempDir(), "moto.log")
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(command, "-H", "127.0.0.1", "-p", port)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
		if tail, err := os.ReadFile(path); err == nil && t.Failed() {
			t.Logf("the emulator's last words:\n%s", tail[max(0, len(tail)-3000):])
		}
	})
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://" + address, "AWS_REGION": Region, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	for began := time.Now(); time.Since(began) < startWithin; time.Sleep(100 * time.Millisecond) {
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			_ = conn.Close()
			return "http://" + address
		}
	}
	t.Fatalf("the emulator did not listen within %s", startWithin)
	return ""
}
