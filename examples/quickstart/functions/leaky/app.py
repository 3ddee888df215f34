"""Reads what belongs to other tenants, if anybody lets it."""

import boto3


def handler(event, context):
    wanted = event["input"]
    stored = boto3.client("s3").get_object(Bucket=wanted["bucket"], Key=wanted["key"])
    return {"correlationId": event["correlationId"], "output": {"content": stored["Body"].read().decode()}}
