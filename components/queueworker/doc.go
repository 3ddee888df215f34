// Package queueworker makes a worker: messages come into an SQS queue, a Lambda
// function processes them in batches, and its results go into an S3 bucket.
//
// A message that fails is tried again when its visibility timeout is over, and
// becomes a dead letter after MaxReceiveCount times. The mapping reports
// failures message by message: the code answers with
// {"batchItemFailures": [{"itemIdentifier": "<messageId>"}]} for those that
// failed, so that the others of the batch are not processed again. (A failure
// destination is something that a mapping has for streams only; for a queue the
// dead-letter queue takes its place.) Alarms tell of dead letters and of a queue
// that is not worked off, and RedriveCommand brings dead letters back: once what
// killed them is mended, run the AWS command that it holds, and follow it with
// "aws sqs list-message-move-tasks". SQS delivers a message at least once, so that
// a worker whose effects are not the same when repeated needs Idempotency.
package queueworker
