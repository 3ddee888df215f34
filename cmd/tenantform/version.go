package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/automation"
)

// versionInfo is what the binary knows of itself.
type versionInfo struct {
	Version   string `json:"version"`            // the module's; "(devel)" for a build of a checkout
	Revision  string `json:"revision,omitempty"` // of the version control, where it was stamped
	Time      string `json:"time,omitempty"`     // of the revision, RFC 3339
	Modified  bool   `json:"modified"`           // the checkout had changes
	Go        string `json:"go"`
	Platform  string `json:"platform"`
	PulumiSDK string `json:"pulumiSDK"`
	MinPulumi string `json:"minPulumi"` // the oldest CLI that works
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version",
		Args:  exactly(),
		RunE: func(*cobra.Command, []string) error {
			v := versionOf()
			a.show(v, func(w io.Writer) {
				fmt.Fprintf(w, "tenantform %s\n", v.Version)
				if v.Revision != "" {
					changed := ""
					if v.Modified {
						changed = ", changed since"
					}
					fmt.Fprintf(w, "revision %s of %s%s\n", v.Revision, v.Time, changed)
				}
				fmt.Fprintf(w, "%s, %s, Pulumi SDK %s, works with the pulumi CLI from %s on\n", v.Go, v.Platform, v.PulumiSDK, v.MinPulumi)
			})
			return nil
		},
	}
}

func versionOf() versionInfo {
	v := versionInfo{Version: "(unknown)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, PulumiSDK: "(unknown)", MinPulumi: automation.MinPulumi}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, d := range info.Deps {
		if d.Path == "github.com/pulumi/pulumi/sdk/v3" {
			v.PulumiSDK = d.Version
		}
	}
	return v
}
