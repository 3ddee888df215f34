package names

import "slices"

// Version is that of the pulumi-aws whose names these are.
const Version = "6.83.2"

// types gives the Terraform type behind each type of pulumi-aws that can be
// translated. After a change: go generate ./...
//
//nolint:funlen // a table
func types() map[string]string {
	return map[string]string{
		"aws:apigateway/account:Account":                                         "aws_api_gateway_account",
		"aws:apigateway/apiKey:ApiKey":                                           "aws_api_gateway_api_key",
		"aws:apigateway/authorizer:Authorizer":                                   "aws_api_gateway_authorizer",
		"aws:apigateway/deployment:Deployment":                                   "aws_api_gateway_deployment",
		"aws:apigateway/integration:Integration":                                 "aws_api_gateway_integration",
		"aws:apigateway/method:Method":                                           "aws_api_gateway_method",
		"aws:apigateway/methodSettings:MethodSettings":                           "aws_api_gateway_method_settings",
		"aws:apigateway/model:Model":                                             "aws_api_gateway_model",
		"aws:apigateway/requestValidator:RequestValidator":                       "aws_api_gateway_request_validator",
		"aws:apigateway/resource:Resource":                                       "aws_api_gateway_resource",
		"aws:apigateway/restApi:RestApi":                                         "aws_api_gateway_rest_api",
		"aws:apigateway/stage:Stage":                                             "aws_api_gateway_stage",
		"aws:apigateway/usagePlan:UsagePlan":                                     "aws_api_gateway_usage_plan",
		"aws:apigateway/usagePlanKey:UsagePlanKey":                               "aws_api_gateway_usage_plan_key",
		"aws:appautoscaling/policy:Policy":                                       "aws_appautoscaling_policy",
		"aws:appautoscaling/scheduledAction:ScheduledAction":                     "aws_appautoscaling_scheduled_action",
		"aws:appautoscaling/target:Target":                                       "aws_appautoscaling_target",
		"aws:budgets/budget:Budget":                                              "aws_budgets_budget",
		"aws:cfg/configurationAggregator:ConfigurationAggregator":                "aws_config_configuration_aggregator",
		"aws:cfg/conformancePack:ConformancePack":                                "aws_config_conformance_pack",
		"aws:cfg/deliveryChannel:DeliveryChannel":                                "aws_config_delivery_channel",
		"aws:cfg/recorder:Recorder":                                              "aws_config_configuration_recorder",
		"aws:cfg/recorderStatus:RecorderStatus":                                  "aws_config_configuration_recorder_status",
		"aws:cfg/rule:Rule":                                                      "aws_config_config_rule",
		"aws:cloudtrail/trail:Trail":                                             "aws_cloudtrail",
		"aws:cloudwatch/compositeAlarm:CompositeAlarm":                           "aws_cloudwatch_composite_alarm",
		"aws:cloudwatch/dashboard:Dashboard":                                     "aws_cloudwatch_dashboard",
		"aws:cloudwatch/eventArchive:EventArchive":                               "aws_cloudwatch_event_archive",
		"aws:cloudwatch/eventBus:EventBus":                                       "aws_cloudwatch_event_bus",
		"aws:cloudwatch/eventBusPolicy:EventBusPolicy":                           "aws_cloudwatch_event_bus_policy",
		"aws:cloudwatch/eventRule:EventRule":                                     "aws_cloudwatch_event_rule",
		"aws:cloudwatch/eventTarget:EventTarget":                                 "aws_cloudwatch_event_target",
		"aws:cloudwatch/logGroup:LogGroup":                                       "aws_cloudwatch_log_group",
		"aws:cloudwatch/logMetricFilter:LogMetricFilter":                         "aws_cloudwatch_log_metric_filter",
		"aws:cloudwatch/logResourcePolicy:LogResourcePolicy":                     "aws_cloudwatch_log_resource_policy",
		"aws:cloudwatch/logStream:LogStream":                                     "aws_cloudwatch_log_stream",
		"aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter":             "aws_cloudwatch_log_subscription_filter",
		"aws:cloudwatch/metricAlarm:MetricAlarm":                                 "aws_cloudwatch_metric_alarm",
		"aws:cloudwatch/queryDefinition:QueryDefinition":                         "aws_cloudwatch_query_definition",
		"aws:cognito/resourceServer:ResourceServer":                              "aws_cognito_resource_server",
		"aws:cognito/riskConfiguration:RiskConfiguration":                        "aws_cognito_risk_configuration",
		"aws:cognito/userGroup:UserGroup":                                        "aws_cognito_user_group",
		"aws:cognito/userPool:UserPool":                                          "aws_cognito_user_pool",
		"aws:cognito/userPoolClient:UserPoolClient":                              "aws_cognito_user_pool_client",
		"aws:cognito/userPoolDomain:UserPoolDomain":                              "aws_cognito_user_pool_domain",
		"aws:dynamodb/table:Table":                                               "aws_dynamodb_table",
		"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":                      "aws_default_security_group",
		"aws:ec2/eip:Eip":                                                        "aws_eip",
		"aws:ec2/flowLog:FlowLog":                                                "aws_flow_log",
		"aws:ec2/instance:Instance":                                              "aws_instance",
		"aws:ec2/internetGateway:InternetGateway":                                "aws_internet_gateway",
		"aws:ec2/launchTemplate:LaunchTemplate":                                  "aws_launch_template",
		"aws:ec2/natGateway:NatGateway":                                          "aws_nat_gateway",
		"aws:ec2/route:Route":                                                    "aws_route",
		"aws:ec2/routeTable:RouteTable":                                          "aws_route_table",
		"aws:ec2/routeTableAssociation:RouteTableAssociation":                    "aws_route_table_association",
		"aws:ec2/securityGroup:SecurityGroup":                                    "aws_security_group",
		"aws:ec2/subnet:Subnet":                                                  "aws_subnet",
		"aws:ec2/vpc:Vpc":                                                        "aws_vpc",
		"aws:ec2/vpcEndpoint:VpcEndpoint":                                        "aws_vpc_endpoint",
		"aws:iam/instanceProfile:InstanceProfile":                                "aws_iam_instance_profile",
		"aws:iam/openIdConnectProvider:OpenIdConnectProvider":                    "aws_iam_openid_connect_provider",
		"aws:iam/policy:Policy":                                                  "aws_iam_policy",
		"aws:iam/role:Role":                                                      "aws_iam_role",
		"aws:iam/rolePolicy:RolePolicy":                                          "aws_iam_role_policy",
		"aws:iam/rolePolicyAttachment:RolePolicyAttachment":                      "aws_iam_role_policy_attachment",
		"aws:iam/serviceLinkedRole:ServiceLinkedRole":                            "aws_iam_service_linked_role",
		"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream":              "aws_kinesis_firehose_delivery_stream",
		"aws:kms/alias:Alias":                                                    "aws_kms_alias",
		"aws:kms/grant:Grant":                                                    "aws_kms_grant",
		"aws:kms/key:Key":                                                        "aws_kms_key",
		"aws:lambda/alias:Alias":                                                 "aws_lambda_alias",
		"aws:lambda/codeSigningConfig:CodeSigningConfig":                         "aws_lambda_code_signing_config",
		"aws:lambda/eventSourceMapping:EventSourceMapping":                       "aws_lambda_event_source_mapping",
		"aws:lambda/function:Function":                                           "aws_lambda_function",
		"aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig":         "aws_lambda_function_event_invoke_config",
		"aws:lambda/layerVersion:LayerVersion":                                   "aws_lambda_layer_version",
		"aws:lambda/layerVersionPermission:LayerVersionPermission":               "aws_lambda_layer_version_permission",
		"aws:lambda/permission:Permission":                                       "aws_lambda_permission",
		"aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig":   "aws_lambda_provisioned_concurrency_config",
		"aws:oam/link:Link":                                                      "aws_oam_link",
		"aws:oam/sink:Sink":                                                      "aws_oam_sink",
		"aws:oam/sinkPolicy:SinkPolicy":                                          "aws_oam_sink_policy",
		"aws:organizations/policy:Policy":                                        "aws_organizations_policy",
		"aws:organizations/policyAttachment:PolicyAttachment":                    "aws_organizations_policy_attachment",
		"aws:rds/cluster:Cluster":                                                "aws_rds_cluster",
		"aws:rds/clusterInstance:ClusterInstance":                                "aws_rds_cluster_instance",
		"aws:rds/clusterParameterGroup:ClusterParameterGroup":                    "aws_rds_cluster_parameter_group",
		"aws:rds/subnetGroup:SubnetGroup":                                        "aws_db_subnet_group",
		"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2":   "aws_s3_bucket_lifecycle_configuration",
		"aws:s3/bucketLoggingV2:BucketLoggingV2":                                 "aws_s3_bucket_logging",
		"aws:s3/bucketNotification:BucketNotification":                           "aws_s3_bucket_notification",
		"aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2": "aws_s3_bucket_object_lock_configuration",
		"aws:s3/bucketOwnershipControls:BucketOwnershipControls":                 "aws_s3_bucket_ownership_controls",
		"aws:s3/bucketPolicy:BucketPolicy":                                       "aws_s3_bucket_policy",
		"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                 "aws_s3_bucket_public_access_block",
		"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": "aws_s3_bucket_server_side_encryption_configuration",
		"aws:s3/bucketV2:BucketV2":                                        "aws_s3_bucket",
		"aws:s3/bucketVersioningV2:BucketVersioningV2":                    "aws_s3_bucket_versioning",
		"aws:signer/signingProfile:SigningProfile":                        "aws_signer_signing_profile",
		"aws:signer/signingProfilePermission:SigningProfilePermission":    "aws_signer_signing_profile_permission",
		"aws:sns/topic:Topic":                                             "aws_sns_topic",
		"aws:sns/topicPolicy:TopicPolicy":                                 "aws_sns_topic_policy",
		"aws:sns/topicSubscription:TopicSubscription":                     "aws_sns_topic_subscription",
		"aws:sqs/queue:Queue":                                             "aws_sqs_queue",
		"aws:sqs/queuePolicy:QueuePolicy":                                 "aws_sqs_queue_policy",
		"aws:sqs/redriveAllowPolicy:RedriveAllowPolicy":                   "aws_sqs_queue_redrive_allow_policy",
		"aws:sqs/redrivePolicy:RedrivePolicy":                             "aws_sqs_queue_redrive_policy",
		"aws:ssm/document:Document":                                       "aws_ssm_document",
		"aws:ssm/parameter:Parameter":                                     "aws_ssm_parameter",
		"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":         "aws_vpc_security_group_egress_rule",
		"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":       "aws_vpc_security_group_ingress_rule",
		"aws:wafv2/webAcl:WebAcl":                                         "aws_wafv2_web_acl",
		"aws:wafv2/webAclAssociation:WebAclAssociation":                   "aws_wafv2_web_acl_association",
		"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": "aws_wafv2_web_acl_logging_configuration",
	}
}

// Tokens gives the types of pulumi-aws that can be translated, sorted.
func Tokens() []string {
	var tokens []string
	for t := range types() {
		tokens = append(tokens, t)
	}
	slices.Sort(tokens)
	return tokens
}

// TerraformTypes gives the Terraform types behind Tokens, sorted.
func TerraformTypes() []string {
	var found []string
	for _, t := range types() {
		found = append(found, t)
	}
	slices.Sort(found)
	return found
}
