package spool

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gocloud.dev/pubsub"
)

// OpenTopicURL opens the topic that a URL names; see the package's comment.
func OpenTopicURL(u *url.URL) (*pubsub.Topic, error) {
	dir, query, err := parseURL(u, "subscriptions")
	if err != nil {
		return nil, err
	}
	var names []string
	if list := query.Get("subscriptions"); list != "" {
		names = strings.Split(list, ",")
	}
	return OpenTopic(dir, names...)
}

// OpenSubscriptionURL opens the subscription that a URL names; see the package's
// comment.
func OpenSubscriptionURL(u *url.URL) (*pubsub.Subscription, error) {
	dir, query, err := parseURL(u, "subscription", "lease", "deliveries")
	if err != nil {
		return nil, err
	}
	var opts Options
	if text := query.Get("lease"); text != "" {
		if opts.Lease, err = time.ParseDuration(text); err != nil || opts.Lease <= 0 {
			return nil, fmt.Errorf("%s: lease is %q; allowed: a duration above 0, 15m for example", u.Redacted(), text)
		}
	}
	if text := query.Get("deliveries"); text != "" {
		if opts.MaxDeliveries, err = strconv.Atoi(text); err != nil || opts.MaxDeliveries < 1 {
			return nil, fmt.Errorf("%s: deliveries is %q; allowed: a whole number above 0", u.Redacted(), text)
		}
	}
	name := query.Get("subscription")
	if name == "" {
		return nil, fmt.Errorf("%s names no subscription; add ?subscription=name", u.Redacted())
	}
	return OpenSubscription(dir, name, &opts)
}

func parseURL(u *url.URL, known ...string) (string, url.Values, error) {
	if u.Host != "" || u.User != nil || u.Opaque != "" || !filepath.IsAbs(filepath.FromSlash(u.Path)) {
		return "", nil, fmt.Errorf("%s names no directory; allowed: spool:// and an absolute path, spool:///var/lib/events for example", u.Redacted())
	}
	query := u.Query()
	rest := u.Query()
	for _, name := range known {
		rest.Del(name)
	}
	for name := range rest {
		return "", nil, fmt.Errorf("%s: the parameter %s is not known; allowed: %s", u.Redacted(), name, strings.Join(known, ", "))
	}
	return filepath.FromSlash(u.Path), query, nil
}
