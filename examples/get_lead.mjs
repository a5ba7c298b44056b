// Prints a lead's name, status and company. Node 18 or newer; nothing to install.

const { LEADLIGHT = "http://127.0.0.1:8000", KEY } = process.env;

/** The lead with an id, or null when the workspace has none. */
async function findLead(id) {
  const response = await fetch(`${LEADLIGHT}/api/v1/leads/${encodeURIComponent(id)}`, {
    headers: { Authorization: `Bearer ${KEY}` },
  });
  const body = await response.json();
  if (response.status === 404) return null;
  if (!body.success) throw new Error(`${body.code}: ${body.error} (request ${body.requestId})`);
  return body.data;
}

const lead = await findLead(process.argv[2]);
if (lead === null) {
  console.error("There is no such lead.");
  process.exitCode = 1;
} else {
  console.log(`${lead.name} <${lead.email}> is ${lead.status}, company: ${lead.metadata.company ?? "unknown"}`);
}
