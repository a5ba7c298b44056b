"""A webhook as its owner has it in the dashboard."""

import re

from tests.dashboard.person import Person
from tests.e2e.processes import wait_until

SECRET = re.compile(r'readonly value="(whsec_[^"]+)"')


class Endpoint:
    """One that an owner has made; it wants all that happens to leads."""

    def __init__(self, owner: Person, url: str, **fields: object) -> None:
        self.owner = owner
        self.pages = f"{owner.home}/settings/webhooks"
        made = owner.send(self.pages, {"url": url, "events": "lead.*", "active": "on", **fields})
        assert made.status_code == 200, made.text
        self.made = made.text
        [self.secret] = SECRET.findall(made.text)
        self.id = re.findall(r"/(wh_\w+)", made.text)[0]
        self.address = f"{self.pages}/{self.id}"

    def page(self, query: str = "") -> str:
        answer = self.owner.get(self.address + query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def test(self) -> str:
        """Sends a test; the address of its delivery."""
        return self.owner.send(f"{self.address}/test").headers["location"]

    def deliveries(self, query: str = "") -> list[str]:
        """Their addresses, the newest first."""
        return re.findall(rf'href="({self.address}/deliveries/dlv_\w+)"', self.page(query))

    def wait_for(self, address: str, text: str) -> str:
        """A delivery's page, once something stands in it."""
        wait_until(lambda: text in self.owner.get(address).text, seconds=10)
        return self.owner.get(address).text
