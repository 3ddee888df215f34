package data

import (
	"regexp"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
)

// DynamoDB's limits; see "Constraints in Amazon DynamoDB" and "Quotas in Amazon
// DynamoDB" in its Developer Guide.
const (
	maxIndexes   = 20
	maxProjected = 100 // attributes that the indexes of a table name together
	maxAttribute = 255 // characters of an attribute that an index knows
)

// attributePattern allows any text: only the length is limited.
var attributePattern = regexp.MustCompile(`(?s)^.+$`)

// AttributeType is the type of a key's attribute.
type AttributeType string

// The values. The zero value is Text.
const (
	Text   AttributeType = "S"
	Number AttributeType = "N"
	Binary AttributeType = "B"
)

// Index is a global secondary index with the table's partition key, in a pool
// the tenant's id, and another sort key: a tenant's role can be bound to it as to
// the table, and one tenant's items never are in another's partition. Unlike a
// local index it does not limit the items of one tenant to 10 GB, and it can be
// added to a table that exists; its reads are eventually consistent.
type Index struct {
	Name    string        // 3 to 255 characters; unlike those of the others
	SortKey string        // the attribute that orders the items; 1 to 255 characters; items without it are not in the index
	Type    AttributeType // of SortKey; Text when empty
	// Attributes are what the index holds besides the keys; at most 100 in all
	// indexes. None: all attributes.
	Attributes []string
	// KeysOnly leaves all attributes but the keys out; not together with Attributes.
	KeysOnly bool
}

func (i Index) kind() AttributeType {
	if i.Type == "" {
		return Text
	}
	return i.Type
}

// checkAttribute refuses the table's own key attributes, too.
func checkAttribute(c *check.Args, argument, name string) {
	c.Name(argument, name, maxAttribute, attributePattern)
	if name == PartitionKey || name == SortKey {
		c.Fault(argument, name, "an attribute other than "+PartitionKey+" and "+SortKey+", the table's own key")
	}
}

func (a *TableArgs) checkIndexes(c *check.Args) {
	c.Between("Indexes", len(a.Indexes), 0, maxIndexes, "indexes")
	seen, types, projected := map[string]bool{}, map[string]AttributeType{}, 0
	for n, i := range a.Indexes {
		at := "Indexes[" + strconv.Itoa(n) + "]"
		c.Name(at+".Name", i.Name, maxTableName, tablePattern)
		if seen[i.Name] {
			c.Fault(at+".Name", i.Name, "each index once")
		}
		seen[i.Name] = true
		checkAttribute(c, at+".SortKey", i.SortKey)
		c.OneOf(at+".Type", string(i.kind()), string(Text), string(Number), string(Binary))
		if before, ok := types[i.SortKey]; ok && before != i.kind() {
			c.Fault(at+".Type", string(i.kind()), "the same type wherever "+i.SortKey+" is a key, "+string(before))
		}
		types[i.SortKey] = i.kind()
		if i.KeysOnly && len(i.Attributes) > 0 {
			c.Fault(at+".KeysOnly", "true", "not together with Attributes")
		}
		for _, attribute := range i.Attributes {
			checkAttribute(c, at+".Attributes", attribute)
		}
		projected += len(i.Attributes)
	}
	c.Between("Indexes.Attributes", projected, 0, maxProjected, "attributes in all indexes")
	if _, key := types[a.TTLAttribute]; key && a.TTLAttribute != "" && types[a.TTLAttribute] != Number {
		c.Fault("TTLAttribute", a.TTLAttribute, "an attribute that is a number where it is a key")
	}
}

// attributes are those of all keys, each once, the table's first.
func (a *TableArgs) attributes() dynamodb.TableAttributeArray {
	var attributes dynamodb.TableAttributeArray
	seen := map[string]bool{}
	add := func(name string, kind AttributeType) {
		if !seen[name] {
			attributes = append(attributes, dynamodb.TableAttributeArgs{Name: pulumi.String(name), Type: pulumi.String(string(kind))})
		}
		seen[name] = true
	}
	add(PartitionKey, Text)
	add(SortKey, Text)
	for _, i := range a.Indexes {
		add(i.SortKey, i.kind())
	}
	return attributes
}

// indexes gives none as nil: then nothing is said about indexes.
func (a *TableArgs) indexes() dynamodb.TableGlobalSecondaryIndexArrayInput {
	if len(a.Indexes) == 0 {
		return nil
	}
	indexes := make(dynamodb.TableGlobalSecondaryIndexArray, len(a.Indexes))
	for n, i := range a.Indexes {
		index := dynamodb.TableGlobalSecondaryIndexArgs{
			Name: pulumi.String(i.Name), HashKey: pulumi.String(PartitionKey), RangeKey: pulumi.String(i.SortKey), ProjectionType: pulumi.String("ALL"),
		}
		switch {
		case i.KeysOnly:
			index.ProjectionType = pulumi.String("KEYS_ONLY")
		case len(i.Attributes) > 0:
			index.ProjectionType, index.NonKeyAttributes = pulumi.String("INCLUDE"), pulumi.ToStringArray(i.Attributes)
		}
		indexes[n] = index
	}
	return indexes
}
