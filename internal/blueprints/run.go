package blueprints

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/tenantform/tenantform/components/componenttest"
)

// stackName is the stack of recorded samples.
const stackName = "sample"

// Run is a sample that was run against the recorder.
type Run struct {
	Recording *componenttest.Recording
	// Own are the resources of AWS that belong to the component or to one that it
	// is made of, without what the sample makes beside it; by type and name.
	Own []componenttest.Resource
}

// Record runs a sample of the component at a site.
func (b Blueprint) Record(s Sample, at Site) (Run, error) {
	recording, err := componenttest.Run(stackName, s.Program(at), nil)
	if err != nil {
		return Run{}, fmt.Errorf("sample of %s: %w", b.Name(), err)
	}
	r := Run{Recording: recording}
	for _, res := range recording.Custom() {
		if b.owns(res) {
			r.Own = append(r.Own, res)
		}
	}
	slices.SortFunc(r.Own, func(a, b componenttest.Resource) int {
		return strings.Compare(a.Type+"\x00"+a.Name, b.Type+"\x00"+b.Name)
	})
	if len(r.Own) == 0 {
		return Run{}, fmt.Errorf("sample of %s: it makes no %s", b.Name(), b.Token())
	}
	return r, nil
}

// owns tells whether a resource is below the component, and not below another
// that the sample makes beside it and that has a component of the type within.
func (b Blueprint) owns(res componenttest.Resource) bool {
	if res.Parent == "" {
		return false
	}
	above := strings.Split(string(resource.URN(res.Parent).QualifiedType()), "$")
	return above[0] == b.Token()
}
