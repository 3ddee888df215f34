package iampolicy_test

import (
	"fmt"

	"github.com/tenantform/tenantform/components/iampolicy"
)

func Example() {
	read := iampolicy.Document{{
		Sid: "ReadsOneTable", Effect: iampolicy.Allow,
		Actions: []string{"dynamodb:GetItem"}, Resources: []string{"arn:aws:dynamodb:eu-west-1:111111111111:table/acme-data"},
	}}
	fmt.Println(read)
	fmt.Println(read.Size(), read.Faults("Grants", iampolicy.MaxManaged))
	// Output:
	// {"Version":"2012-10-17","Statement":[{"Sid":"ReadsOneTable","Effect":"Allow","Action":["dynamodb:GetItem"],"Resource":["arn:aws:dynamodb:eu-west-1:111111111111:table/acme-data"]}]}
	// 180 []
}
