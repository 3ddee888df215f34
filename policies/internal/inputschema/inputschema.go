// Package inputschema holds values against the JSON schema of the policies' input.
package inputschema

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/rego"
)

// Check tells what of a value's JSON the schema refuses: nil when it is as the
// schema says. A schema that cannot be used refuses everything.
func Check(ctx context.Context, schema []byte, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	set, err := rego.New(
		rego.Query("json.match_schema(input.value, input.schema, result)"),
		rego.Input(map[string]any{"value": string(text), "schema": string(schema)}),
		rego.StrictBuiltinErrors(true),
	).Eval(ctx)
	if err != nil {
		return fmt.Errorf("the schema cannot be used: %w", err)
	}
	if len(set) != 1 {
		return errors.New("the schema gave no answer")
	}
	answer, ok := set[0].Bindings["result"].([]any)
	if !ok || len(answer) != 2 {
		return fmt.Errorf("the schema gave the answer %v", set[0].Bindings["result"])
	}
	if answer[0] == true {
		return nil
	}
	return fmt.Errorf("not as the schema says: %v", answer[1])
}
