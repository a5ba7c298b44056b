"""Prints a lead's name, status and company. Nothing to install."""

import json
import os
import sys
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

LEADLIGHT = os.environ.get("LEADLIGHT", "http://127.0.0.1:8000")


def find_lead(lead_id: str) -> dict[str, Any] | None:
    """The lead with an id, or None when the workspace has none."""
    address = f"{LEADLIGHT}/api/v1/leads/{quote(lead_id, safe='')}"
    request = Request(address, headers={"Authorization": f"Bearer {os.environ['KEY']}"})
    try:
        with urlopen(request) as response:
            found: dict[str, Any] = json.load(response)["data"]
            return found
    except HTTPError as error:
        if error.code == 404:
            return None
        body = json.load(error)
        raise SystemExit(f"{body['code']}: {body['error']} (request {body['requestId']})") from None


lead = find_lead(sys.argv[1])
if lead is None:
    sys.exit("There is no such lead.")
print(f"{lead['name']} <{lead['email']}> is {lead['status']}, company: {lead['metadata'].get('company', 'unknown')}")
