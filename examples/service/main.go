// Service is a business service for examples: billing, which has an account, a
// file, for each tenant. It runs as a process of its own, and knows the control
// plane by the URLs of its queue and of the answers only.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tenantform/tenantform/service"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "billing:", err)
		os.Exit(1)
	}
}

// keepAnswers is for how long an event that comes again finds its answer.
const keepAnswers = 30 * 24 * time.Hour

func run(ctx context.Context, args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("billing", flag.ContinueOnError)
	flags.SetOutput(stderr)
	eventsURL := flags.String("events", os.Getenv("BILLING_EVENTS_URL"), "URL of the service's queue (BILLING_EVENTS_URL)")
	answersURL := flags.String("answers", os.Getenv("BILLING_ANSWERS_URL"), "URL to which answers go (BILLING_ANSWERS_URL)")
	data := flags.String("data", "billing-data", "directory of the accounts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	store, err := service.OpenFileStore(filepath.Join(*data, "answers"), keepAnswers)
	if err != nil {
		return err
	}
	s, err := service.New("billing", *eventsURL, *answersURL, &service.Options{Store: store, Log: log})
	if err != nil {
		return err
	}
	accounts, err := openAccounts(filepath.Join(*data, "accounts"))
	if err != nil {
		return err
	}
	accounts.register(s)
	log.Info("billing waits for tenants", "data", *data)
	return s.Run(ctx)
}
