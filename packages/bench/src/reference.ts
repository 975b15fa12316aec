import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import express from 'express';
import pg from 'pg';

export type Reference = { url: string; pid: number; stop(): void };

/**
 * Starts a minimal "get by id": Express, a pool, one prepared statement, the row as JSON. No authentication, validation or log. It
 * reads the same row of the same database as the service, and returns the same fields.
 * @param databaseUrl of the customer service's app role
 * @param company_id of the customers that it serves at `/api/customers/{id}`
 */
export async function startReference(databaseUrl: string, company_id: string): Promise<Reference> {
  const server = fork(fileURLToPath(import.meta.url), ['serve'], {
    env: { DATABASE_URL: databaseUrl, COMPANY_ID: company_id, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [port] = (await once(server, 'message')) as [number];
  return { url: `http://127.0.0.1:${port}`, pid: server.pid as number, stop: () => server.disconnect() };
}

const byId = `
  select c.id, c.number::float8, c.company_id as business_id, user_id, external_id, full_name, firstname, lastname, email, phone, gender,
    birthday::text, city_id, document_type, document_number, address, avatar_url, status, type, is_active, preferences, metadata,
    '{}'::text[] as tags, total_orders, total_appointments, total_complaints, open_complaints, last_order_date, last_appointment_date,
    last_complaint_date, lifetime_value, currency, last_auth_at, created_at, updated_at
  from customers c join customer_counters n on n.company_id = c.company_id and n.customer_id = c.id
  where c.company_id = $1 and c.id = $2`;

function serve(): void {
  const { DATABASE_URL: connectionString, COMPANY_ID: company_id } = process.env;
  const pool = new pg.Pool({ connectionString, max: 10 });
  const app = express();
  app.get('/api/customers/:id', async (request, response) => {
    const { rows } = await pool.query({ name: 'customer', text: byId, values: [company_id, request.params.id] });
    if (rows.length === 0) response.status(404).end();
    else response.json({ customer: rows[0] as unknown });
  });
  const server = app.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.once('disconnect', () => process.exit());
  process.on('SIGINT', () => {}); // Ctrl-C reaches every process; this one ends with its parent
}

if (process.argv[2] === 'serve') serve();
