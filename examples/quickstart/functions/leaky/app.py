"""Reads what belongs to another tenant, if anybody lets it."""

import boto3


def handler(event, context):
    wanted = event["input"]
    role = boto3.client("sts").assume_role(RoleArn=wanted["role"], RoleSessionName="leaky")["Credentials"]
    s3 = boto3.client(
        "s3",
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )
    stored = s3.get_object(Bucket=wanted["bucket"], Key=wanted["key"])
    return {"correlationId": event["correlationId"], "output": {"content": stored["Body"].read().decode()}}
