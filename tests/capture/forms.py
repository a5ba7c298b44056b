"""A form on a real server: posted to without a key, looked at with its owner's."""

import base64
import hashlib
import hmac
from typing import Any

import requests

from tests.conftest import Client

FORMS = "/api/v1/forms"
SUBMISSIONS = "/api/v1/submissions"
SITE = "https://example.com"
ADA = {"name": "Ada Park", "email": "ada@example.com"}
AS_PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SECRETS = {
    "googleAdsKey": "key-of-google",
    "metaVerifyToken": "verify-me-meta",
    "metaAppSecret": "app-secret-of-meta",
    "typeformSecret": "secret-of-typeform",
    "tallySecret": "secret-of-tally",
}


class TheForm:
    """Made by an admin, with these fields."""

    def __init__(self, admin: Client, **fields: Any) -> None:
        self._admin = admin
        response = admin.post(FORMS, {"name": "Contact", **fields})
        assert response.status_code == 201, response.text
        self.made: dict[str, Any] = response.json()["data"]
        self.id: str = self.made["id"]
        self.url = f"{admin.url}/capture/{self.id}"

    def post(self, path: str = "", **options: Any) -> requests.Response:
        """As a program, unless the headers say otherwise."""
        headers = {"Accept": "application/json", **options.pop("headers", {})}
        return requests.post(self.url + path, headers=headers, timeout=20, allow_redirects=False, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=20, allow_redirects=False, **options)

    def change(self, **fields: Any) -> None:
        response = self._admin.put(f"{FORMS}/{self.id}", fields)
        assert response.status_code == 200, response.text

    def submissions(self, **query: Any) -> list[dict[str, Any]]:
        """Newest first."""
        response = self._admin.get(f"{FORMS}/{self.id}/submissions", params={"limit": 100, **query})
        assert response.status_code == 200, response.text
        return list(response.json()["data"]["submissions"])

    def statuses(self) -> list[str]:
        """Oldest first."""
        return [submission["status"] for submission in reversed(self.submissions())]

    def leads(self) -> list[dict[str, Any]]:
        """Of the workspace, newest first."""
        return list(self._admin.get("/api/v1/leads?limit=100").json()["data"]["leads"])

    def lead(self) -> dict[str, Any]:
        """The only one."""
        [lead] = self.leads()
        return lead

    def reprocess(self, submission: dict[str, Any]) -> requests.Response:
        return self._admin.post(f"{SUBMISSIONS}/{submission['id']}/reprocess")


def hex_signature(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def base64_signature(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def code_of(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]
