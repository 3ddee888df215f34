package names

// override is where pulumi-aws departs from what the bridge would do by itself.
type override struct {
	name  string // the property's name in pulumi-aws; by the rule when empty
	shape shape
	asset *Asset
}

type shape int

const (
	byRule shape = iota
	single       // one object, where the provider's schema has a list
	list         // a list, where the provider's schema has a block that occurs once
)

// overrides gives the departures by Terraform type and path.
func overrides() map[string]map[string]override {
	restAPI := override{name: "restApi"}
	code := override{name: "code", asset: &Asset{HashBridge: "sourceCodeHash"}}
	rules := map[string]override{"egress": {name: "egress"}, "ingress": {name: "ingress"}}
	return map[string]map[string]override{
		"aws_api_gateway_authorizer":             {"rest_api_id": restAPI},
		"aws_api_gateway_deployment":             {"rest_api_id": restAPI},
		"aws_api_gateway_integration":            {"rest_api_id": restAPI},
		"aws_api_gateway_method":                 {"rest_api_id": restAPI},
		"aws_api_gateway_method_settings":        {"rest_api_id": restAPI},
		"aws_api_gateway_model":                  {"rest_api_id": restAPI},
		"aws_api_gateway_request_validator":      {"rest_api_id": restAPI},
		"aws_api_gateway_resource":               {"rest_api_id": restAPI},
		"aws_api_gateway_stage":                  {"rest_api_id": restAPI, "deployment_id": {name: "deployment"}},
		"aws_api_gateway_rest_api":               {"endpoint_configuration.types": {shape: single}},
		"aws_lambda_event_source_mapping":        {"queues": {shape: single}},
		"aws_cloudwatch_log_subscription_filter": {"log_group_name": {name: "logGroup"}},
		"aws_cloudwatch_metric_alarm":            {"alarm_name": {name: "name"}},
		"aws_cognito_user_pool_client": {
			"analytics_configuration": {shape: single},
			"refresh_token_rotation":  {shape: single},
			"token_validity_units":    {shape: single},
		},
		"aws_default_security_group": rules,
		"aws_dynamodb_table": {
			"global_secondary_index": {name: "globalSecondaryIndexes"},
			"local_secondary_index":  {name: "localSecondaryIndexes"},
		},
		"aws_lambda_function":      {"filename": code, "function_name": {name: "name"}},
		"aws_lambda_layer_version": {"filename": code},
		"aws_lambda_permission":    {"function_name": {name: "function"}},
		"aws_s3_bucket": {
			"lifecycle_rule.expiration":                    {shape: list},
			"lifecycle_rule.noncurrent_version_expiration": {shape: list},
			"logging":                        {shape: list},
			"object_lock_configuration.rule": {shape: list},
			"object_lock_configuration.rule.default_retention":                                    {shape: list},
			"replication_configuration":                                                           {shape: list},
			"replication_configuration.rules.destination":                                         {shape: list},
			"replication_configuration.rules.filter":                                              {shape: list},
			"replication_configuration.rules.source_selection_criteria":                           {shape: list},
			"server_side_encryption_configuration":                                                {shape: list},
			"replication_configuration.rules.destination.access_control_translation":              {shape: list},
			"replication_configuration.rules.destination.metrics":                                 {shape: list},
			"replication_configuration.rules.destination.replication_time":                        {shape: list},
			"replication_configuration.rules.source_selection_criteria.sse_kms_encrypted_objects": {shape: list},
			"server_side_encryption_configuration.rule.apply_server_side_encryption_by_default":   {shape: list},
			"server_side_encryption_configuration.rule":                                           {shape: list},
			"versioning": {shape: list},
			"website":    {shape: list},
		},
		"aws_s3_bucket_lifecycle_configuration": {
			"rule.abort_incomplete_multipart_upload": {shape: single},
			"rule.expiration":                        {shape: single},
			"rule.filter":                            {shape: single},
			"rule.filter.and":                        {shape: single},
			"rule.filter.tag":                        {shape: single},
			"rule.noncurrent_version_expiration":     {shape: single},
		},
		"aws_security_group": rules,
		"aws_wafv2_web_acl": {
			"association_config.request_body.api_gateway":              {shape: list},
			"association_config.request_body.app_runner_service":       {shape: list},
			"association_config.request_body.cloudfront":               {shape: list},
			"association_config.request_body.cognito_user_pool":        {shape: list},
			"association_config.request_body.verified_access_instance": {shape: list},
		},
		"aws_sns_topic_subscription": {"topic_arn": {name: "topic"}},
	}
}

// providerOverrides are those of the provider's own configuration.
func providerOverrides() map[string]override {
	return map[string]override{
		"assume_role":                   {shape: single},
		"assume_role_with_web_identity": {shape: single},
		"default_tags":                  {shape: single},
		"ignore_tags":                   {shape: single},
	}
}
