// Package depend says that a resource waits for others.
//
// A wait for a component is not to be had: Pulumi's SDK for Go reads a
// component's children when the waiting resource is prepared, and adds each child
// when that child is prepared, both in goroutines of their own. Which children are
// waited for is therefore a matter of luck, and so are the dependencies that the
// state records. In a run with targets the engine then takes a child that is
// registered late for a duplicate, and refuses the run.
package depend

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// On has a resource wait until all of these exist. None is no wait.
func On(resources ...pulumi.CustomResource) pulumi.ResourceOption {
	all := make([]pulumi.Resource, len(resources))
	for i, r := range resources {
		all[i] = r
	}
	return pulumi.DependsOn(all)
}
