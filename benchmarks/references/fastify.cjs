// Leadlight's look-up and create as one writes them by hand in Node: Fastify and better-sqlite3,
// prepared statements, a response schema. Environment: DATABASE (a seeded store's file), PORT.
"use strict";

const { hash, randomBytes, randomUUID } = require("node:crypto");
const fastify = require("fastify");
const Database = require("better-sqlite3");
const { SlidingWindows } = require("./window.cjs");

const FRESH_MILLISECONDS = 500;
const DEFAULT_LIMIT = 1000;
const LEAD_ID = /^lead_[A-Za-z0-9]{1,59}$/;
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const STATUSES = ["new", "contacted", "qualified", "converted", "lost", "follow_up"];

const database = new Database(process.env.DATABASE);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.pragma("cache_size = -64000");
database.pragma("wal_autocheckpoint = 4000");

const findKey = database.prepare(
  "SELECT id, workspace_id, rate_limit, scopes FROM api_keys WHERE hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
);
const findLead = database.prepare(
  "SELECT id, workspace_id, name, email, phone, source, status, metadata, created_at, updated_at, version FROM leads WHERE workspace_id = ? AND id = ?",
);
const takePosition = database
  .prepare("UPDATE feeds SET last_event = last_event + 1 WHERE workspace_id = ? RETURNING last_event")
  .pluck();
const insertEvent = database.prepare(
  "INSERT INTO events (workspace_id, position, id, type, lead_id, actor_type, actor_id, changes, created_at) VALUES (?, ?, ?, 'lead.created', ?, 'api_key', ?, ?, ?)",
);
const insertLead = database.prepare(
  `INSERT INTO leads (workspace_id, id, number, name, name_key, email, email_key, phone, phone_key, source, status, metadata, created_at, updated_at, version)
   VALUES (@workspace_id, @id, @number, @name, @name_key, @email, @email_key, @phone, @phone_key, @source, @status, @metadata, @created_at, @updated_at, @version)`,
);
const countLead = database.prepare(
  "INSERT INTO lead_counts (workspace_id, status, source, leads) VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET leads = leads + 1",
);

const windows = new SlidingWindows();
const callers = new Map();

const app = fastify({
  logger: false,
  keepAliveTimeout: 75_000,
  genReqId: (request) => {
    const given = request.headers["x-request-id"];
    return given !== undefined && REQUEST_ID.test(given) ? given : `req_${randomUUID().slice(19)}`;
  },
});

class Refusal extends Error {
  constructor(statusCode, code, message) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

function authenticate(header) {
  if (header === undefined) throw new Refusal(401, "MISSING_AUTH_HEADER", "Missing authorization header");
  const match = BEARER.exec(header);
  if (match === null) throw new Refusal(401, "MALFORMED_AUTH_HEADER", "Malformed authorization header");
  const digest = hash("sha256", match[1]);
  const now = Date.now();
  let caller = callers.get(digest);
  if (caller === undefined || now - caller.checkedAt >= FRESH_MILLISECONDS) {
    const key = findKey.get(digest, now);
    if (key === undefined) throw new Refusal(401, "INVALID_API_KEY", "Invalid API key");
    caller = { ...key, limit: key.rate_limit ?? DEFAULT_LIMIT, checkedAt: now };
    callers.set(digest, caller);
  }
  return caller;
}

app.decorateRequest("caller", null);

app.addHook("onRequest", async (request, reply) => {
  reply.headers({ "x-content-type-options": "nosniff", "x-request-id": request.id });
  const caller = (request.caller = authenticate(request.headers.authorization));
  if (caller.limit === 0) return;
  const usage = windows.hit(caller.id, caller.limit, Math.floor(Date.now() / 1000));
  reply.headers({
    "x-ratelimit-limit": usage.limit,
    "x-ratelimit-remaining": usage.limit - usage.used,
    "x-ratelimit-used": usage.used,
    "x-ratelimit-reset": usage.resetAt,
  });
  if (!usage.allowed) throw new Refusal(429, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded");
});

app.setErrorHandler((error, request, reply) => {
  const status = error.validation ? 400 : (error.statusCode ?? 500);
  const code = error.validation ? "VALIDATION_ERROR" : status < 500 ? error.code : "INTERNAL_ERROR";
  reply.code(status).send({ success: false, error: error.message, code, requestId: request.id });
});

const text = { type: "string" };
const textOrNull = { type: "string", nullable: true };
const leadSchema = {
  type: "object",
  properties: {
    success: { type: "boolean" },
    data: {
      type: "object",
      properties: {
        id: text,
        name: text,
        email: text,
        phone: textOrNull,
        source: textOrNull,
        status: text,
        metadata: {},
        createdAt: text,
        updatedAt: text,
        workspaceId: text,
      },
    },
  },
};

function answer(reply, row, metadata) {
  reply.headers({
    "content-type": "application/json",
    etag: `"${row.updated_at.toString(16)}-${row.version}"`,
    "cache-control": "private, no-cache",
  });
  return {
    success: true,
    data: {
      id: row.id,
      name: row.name,
      email: row.email,
      phone: row.phone,
      source: row.source,
      status: row.status,
      metadata,
      createdAt: new Date(row.created_at).toISOString(),
      updatedAt: new Date(row.updated_at).toISOString(),
      workspaceId: row.workspace_id,
    },
  };
}

app.get("/api/v1/leads/:leadId", { schema: { response: { 200: leadSchema } } }, async (request, reply) => {
  const { leadId } = request.params;
  if (!LEAD_ID.test(leadId)) throw new Refusal(400, "INVALID_ID_FORMAT", "Invalid lead ID format");
  const row = findLead.get(request.caller.workspace_id, leadId);
  if (row === undefined) throw new Refusal(404, "LEAD_NOT_FOUND", "Lead not found");
  const known = request.headers["if-none-match"];
  const body = answer(reply, row, JSON.parse(row.metadata));
  if (known !== undefined && known.split(/\s*,\s*/).includes(reply.getHeader("etag"))) return reply.code(304).send();
  return body;
});

const newLead = {
  type: "object",
  required: ["name", "email"],
  additionalProperties: false,
  properties: {
    name: { type: "string", minLength: 1, maxLength: 255 },
    email: { type: "string", format: "email", maxLength: 254 },
    phone: { type: "string", nullable: true, maxLength: 50 },
    source: { type: "string", nullable: true, maxLength: 100, default: "api" },
    status: { enum: STATUSES, default: "new" },
    metadata: { type: "object", default: {} },
  },
};

const store = database.transaction((row, changes, caller) => {
  row.number = takePosition.get(row.workspace_id);
  insertEvent.run(row.workspace_id, row.number, newId("evt", row.created_at), row.id, caller.id, changes, row.created_at);
  insertLead.run(row);
  countLead.run(row.workspace_id, row.status, row.source ?? "");
});

app.post("/api/v1/leads", { schema: { body: newLead, response: { 201: leadSchema } } }, async (request, reply) => {
  const { name, email, phone = null, source, status, metadata } = request.body;
  const now = Date.now();
  const row = {
    workspace_id: request.caller.workspace_id,
    id: newId("lead", now),
    name: name.trim(),
    name_key: name.trim().toLowerCase(),
    email,
    email_key: email.toLowerCase(),
    phone,
    phone_key: phone?.startsWith("+") ? "+" + phone.replace(/\D/g, "") : null,
    source,
    status,
    metadata: JSON.stringify(metadata),
    created_at: now,
    updated_at: now,
    version: 1,
  };
  const changes = { name, email, phone, source, status, metadata };
  for (const field in changes) changes[field] = { from: null, to: changes[field] };
  store(row, JSON.stringify(changes), request.caller);
  reply.code(201).header("location", `/api/v1/leads/${row.id}`);
  return answer(reply, row, metadata);
});

// UUIDv7 in 26 characters of base 32.
function newId(prefix, now) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  let digits = "";
  let number = BigInt("0x" + bytes.toString("hex"));
  for (let index = 0; index < 26; index++, number >>= 5n) {
    digits = "0123456789abcdefghjkmnpqrstvwxyz"[Number(number & 31n)] + digits;
  }
  return `${prefix}_${digits}`;
}

app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
