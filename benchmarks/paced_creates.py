"""Creates leads one after another, and tells when each was answered: what follows is timed from there.

python -m benchmarks.paced_creates PORT KEY HOW_MANY PAUSE_SECONDS

Prints the seconds of the clock that all processes share, by the ids of the leads.
"""

import http.client
import json
import sys
import time


def create(port: int, key: str, how_many: int, pause_seconds: float) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answered = {}
    for number in range(how_many):
        lead = {"name": f"Paced {number}", "email": f"paced{number}@example.com"}
        connection.request("POST", "/api/v1/leads", json.dumps(lead), headers)
        response = connection.getresponse()
        body, at = response.read(), time.monotonic()
        if response.status != 201:
            sys.exit(f"a create was answered {response.status}: {body.decode()}")
        answered[json.loads(body)["data"]["id"]] = at
        time.sleep(pause_seconds)
    return answered


if __name__ == "__main__":
    print(json.dumps(create(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))))
