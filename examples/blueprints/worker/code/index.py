"""Puts each message of the queue into the bucket, under its message id."""

import json
import logging
import os

import boto3

log = logging.getLogger()
bucket = boto3.client("s3")


def handler(event, context):
    failed = []
    for record in event["Records"]:
        try:
            put(record)
        except Exception:
            log.exception("message failed", extra={"message_id": record["messageId"]})
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def put(record):
    # The same message gives the same key: a second delivery writes the same object again.
    body = json.dumps(json.loads(record["body"]))
    bucket.put_object(
        Bucket=os.environ["BUCKET_NAME"],
        Key=os.environ["BUCKET_PREFIX"] + record["messageId"] + ".json",
        Body=body.encode(),
        ContentType="application/json",
    )
