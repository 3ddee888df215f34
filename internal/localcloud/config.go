package localcloud

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// engineKeys are what the engine itself adds to a provider's configuration.
var engineKeys = []string{"version", "pluginDownloadURL"}

// checkConfig gives what is wrong with a provider's configuration, in which
// all but text may be written as JSON.
func (c *Cloud) checkConfig(config resource.PropertyMap) []failure {
	decoded := make(resource.PropertyMap, len(config))
	for name, v := range config {
		field, known := c.config.fields[string(name)]
		switch {
		case slices.Contains(engineKeys, string(name)) || hasUnknown(v):
			continue
		case known && field.shape != shapeText && reveal(v).IsString():
			decoded[name] = resource.NewPropertyValue(configScalar(v))
		default:
			decoded[name] = v
		}
	}
	check := &checker{}
	check.object("", "", resource.NewObjectProperty(decoded), c.config)
	if region, ok := config["region"]; !ok && c.opts.Region == "" || ok && reveal(region).IsNull() && c.opts.Region == "" {
		check.fail("region", "invalid AWS Region: missing; set aws:region or the provider's region")
	}
	return check.failures
}
