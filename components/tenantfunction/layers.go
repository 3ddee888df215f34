package tenantfunction

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

var notLayerName = regexp.MustCompile(`[^a-zA-Z0-9_-]+`)

func (f *TenantFunction) layers(ctx *pulumi.Context, name string, args *Args) (pulumi.StringArray, error) {
	arns := pulumi.StringArray{}
	add := func(key string, from *lambda.LayerVersionArgs) error {
		from.LayerName = pulumi.String(args.layerName(key))
		from.Description = pulumi.String("Vendor code of " + args.Name)
		from.CompatibleRuntimes = pulumi.ToStringArray([]string{args.Runtime})
		layer, err := lambda.NewLayerVersion(ctx, name+"-layer-"+key, from, pulumi.Parent(f))
		if err != nil {
			return err
		}
		arns = append(arns, layer.Arn)
		return nil
	}
	for _, path := range args.Layers {
		if err := add(layerKey(path), &lambda.LayerVersionArgs{Code: pulumi.NewFileArchive(path)}); err != nil {
			return nil, err
		}
	}
	for _, l := range args.LayerObjects {
		from := &lambda.LayerVersionArgs{}
		from.S3Bucket, from.S3Key, from.S3ObjectVersion = l.Source()
		if err := add(l.Name, from); err != nil {
			return nil, err
		}
	}
	return arns, nil
}

// layerName gives a layer's physical name. The two underscores, which the name of
// a tenant's function has not, keep the layer "tax-rates" of "acme-score" apart
// from the layer "rates" of "acme-score-tax", another tenant's function.
func (a *Args) layerName(key string) string { return a.Name + "__" + key }

// layerKey names a layer by its file, "numpy" for "layers/numpy.zip".
func layerKey(path string) string {
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return strings.Trim(strings.ToLower(notLayerName.ReplaceAllString(base, "-")), "-")
}
