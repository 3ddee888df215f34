"""Extension point: greet a customer in the words of the tenant.

The platform calls handler with

    {"tenant":        {"id": ..., "tier": ...},
     "correlationId": ...,
     "input":         {"customer": ..., "language": ...}}

and expects

    {"correlationId": ..., "output": {"greeting": ...}}

or {"correlationId": ..., "error": {"code": ..., "message": ...}}. The code runs
without any permission in AWS and without a way to the internet: what it needs
is in the event.
"""

from greeting_lib import UnknownLanguage, greet, log


def handler(event, context):
    correlation = event["correlationId"]
    tenant = event["tenant"]["id"]
    wanted = event.get("input", {})
    log("greeting requested", correlationId=correlation, tenantId=tenant)
    try:
        text = greet(wanted["customer"], wanted.get("language", "en"))
    except KeyError:
        return failed(correlation, "invalid", "input.customer is missing")
    except UnknownLanguage as problem:
        return failed(correlation, "invalid", str(problem))
    return {"correlationId": correlation, "output": {"greeting": text}}


def failed(correlation, code, message):
    log("greeting refused", correlationId=correlation, code=code, reason=message)
    return {"correlationId": correlation, "error": {"code": code, "message": message}}
