import os
import time

import boto3
from botocore.exceptions import ClientError

table = boto3.resource("dynamodb").Table(os.environ["IDEMPOTENCY_TABLE"])


def handler(event, context):
    """Takes an order once, however often it is sent."""
    try:
        table.put_item(
            Item={"id": event["orderId"], "expiration": int(time.time()) + 86400},
            ConditionExpression="attribute_not_exists(id)",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return {"orderId": event["orderId"], "taken": False}
    return {"orderId": event["orderId"], "taken": True}
