package queueworker

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/tenants"
)

// Validate checks the arguments as New does, for a component that is made of a
// worker and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	given := a.withDefaults()
	return given.validate(name)
}

// validate checks the arguments, whose zeros withDefaults has filled in, and
// those of the parts that are made from them.
func (a *Args) validate(name string) error {
	c := check.New("queueworker", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	c.Name("Bucket", a.Bucket, bucket.MaxName, bucketPattern)
	c.Name("Prefix", a.Prefix, maxPrefix, prefixPattern)
	c.Needs("KeyARN", a.KeyARN != nil, "the ARN of a customer managed key")
	c.Between("TimeoutSec", a.TimeoutSec, 1, function.MaxTimeoutSec, "seconds")
	c.Between("Concurrency", a.Concurrency, MinConcurrency, MaxConcurrency, "batches at once")
	c.Between("BatchSize", a.BatchSize, 1, MaxBatchSize, "messages")
	c.Between("BatchWindowSec", a.BatchWindowSec, 0, MaxBatchWindowSec, "seconds")
	if a.BatchSize > plainBatchSize && a.BatchSize <= MaxBatchSize && a.BatchWindowSec == 0 {
		c.Fault("BatchWindowSec", "0", fmt.Sprintf("1 to %d seconds with a BatchSize of more than %d", MaxBatchWindowSec, plainBatchSize))
	}
	if least := a.leastVisibility(); a.VisibilitySec < least || a.VisibilitySec > MaxVisibilitySec {
		c.Fault("VisibilitySec", strconv.Itoa(a.VisibilitySec), fmt.Sprintf(
			"%d to %d seconds: at least %d times TimeoutSec (%d) and BatchWindowSec (%d)", least, MaxVisibilitySec, VisibilityTimes, a.TimeoutSec, a.BatchWindowSec))
	}
	for _, k := range slices.Sorted(maps.Keys(a.Environment)) {
		if k == EnvBucket || k == EnvPrefix {
			c.Fault("Environment."+k, a.Environment[k], "variables other than "+EnvBucket+" and "+EnvPrefix+", which the component sets")
		}
	}
	if err := c.Err(); err != nil {
		return err
	}
	c.Add(faults(a.queue().Validate(name)))
	c.Add(faults(a.results().Validate(name)))
	c.Add(faults(a.function().Validate(name)))
	return c.Err()
}

// faults gives what a part found wrong.
func faults(err error) []tenants.FieldError {
	if e, ok := errors.AsType[*tenants.Error](err); ok {
		return e.Fields
	}
	return nil
}
