// Receives webhooks: believes those that are signed, and takes each event once. Node 18 or newer; nothing to install.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const { SECRET = "", PORT = "3000" } = process.env;
const LIMIT = 1 << 20; // bytes; an event is far smaller
const key = Buffer.from(SECRET.replace("whsec_", ""), "base64");
if (key.length === 0) throw new Error("SECRET has to be the webhook's secret, whsec_…");

/** Whether a body, as it came in, was signed by one who knows the secret, and no longer ago than five minutes. */
function isGenuine(body, headers) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(" ").some((signature) => {
    const [version, text = ""] = signature.split(",");
    const given = Buffer.from(text, "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

// What was answered with 204 is not sent again. So put events on disk before you answer, into a table whose key is
// their webhook-id: then one that comes twice is there already. A set shows the order of things.
const seen = new Set();

function work(webhookId, event) {
  if (seen.has(webhookId)) return;
  seen.add(webhookId);
  console.log(event.type, event.leadId, event.data.status ?? "gone");
}

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const server = createServer(async (request, response) => {
  if (!(Number(request.headers["content-length"]) <= LIMIT)) return response.writeHead(413).end();
  const body = await read(request).catch(() => null);
  if (body === null) return; // the connection broke off
  if (!isGenuine(body, request.headers)) return response.writeHead(401).end();
  response.writeHead(204).end();
  setImmediate(work, request.headers["webhook-id"], JSON.parse(body));
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
