import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import knex from 'knex';
import pg from 'pg';
import { referenceColumns, referenceTable } from './reference-data.ts';
import { endWithParent, isChild, startChild, type Reference } from './child.ts';

export type Bare = Reference<{ port: number }>;

/**
 * Starts the same routes without anything around them: Express and pg, or Express and Knex, on a copy of the rows in a plain table.
 * No authentication, validation, history, events or log.
 */
export const startBareExpress = (library: 'pg' | 'knex', databaseUrl: string, company_id: string): Promise<Bare> =>
  startChild(fileURLToPath(import.meta.url), { LIBRARY: library, DATABASE_URL: databaseUrl, COMPANY_ID: company_id });

type Row = Record<string, unknown>;
type Store = {
  get: (id: string) => Promise<Row | undefined>;
  list: () => Promise<Row[]>;
  create: (row: Row) => Promise<Row | undefined>;
  patch: (id: string, changes: Row) => Promise<Row | undefined>;
};

const columns = referenceColumns.join(', ');

function storeWithPg(connectionString: string, company_id: string): Store {
  const pool = new pg.Pool({ connectionString, max: 10 });
  const query = async (name: string, text: string, values: unknown[]) =>
    (await pool.query<Row>({ name, text, values })).rows;
  return {
    get: async (id) =>
      (
        await query('get', `select ${columns} from ${referenceTable} where business_id = $1 and id = $2`, [
          company_id,
          id,
        ])
      )[0],
    list: () =>
      query(
        'list',
        `select ${columns} from ${referenceTable} where business_id = $1 and status <> 'deleted' order by created_at desc, id desc limit 20`,
        [company_id],
      ),
    create: async ({ full_name, firstname, lastname, email, phone }) =>
      (
        await query(
          'create',
          `insert into ${referenceTable} (business_id, full_name, firstname, lastname, email, phone) values ($1, $2, $3, $4, $5, $6) returning ${columns}`,
          [company_id, full_name ?? `${String(firstname)} ${String(lastname)}`, firstname, lastname, email, phone],
        )
      )[0],
    patch: async (id, { lastname }) =>
      (
        await query(
          'patch',
          `update ${referenceTable} set lastname = $3, updated_at = now(), version = version + 1 where business_id = $1 and id = $2 returning ${columns}`,
          [company_id, id, lastname],
        )
      )[0],
  };
}

function storeWithKnex(connection: string, business_id: string): Store {
  const db = knex({ client: 'pg', connection, pool: { min: 0, max: 10 } });
  const table = () => db<Row>(referenceTable);
  return {
    get: (id) => table().select(referenceColumns).where({ business_id, id }).first(),
    list: () =>
      table()
        .select(referenceColumns)
        .where({ business_id })
        .whereNot({ status: 'deleted' })
        .orderBy([
          { column: 'created_at', order: 'desc' },
          { column: 'id', order: 'desc' },
        ])
        .limit(20),
    create: async ({ full_name, firstname, lastname, email, phone }) => {
      const row = {
        business_id,
        full_name: full_name ?? `${String(firstname)} ${String(lastname)}`,
        firstname,
        lastname,
        email,
        phone,
      };
      const [created] = await table().insert(row).returning<Row[]>(referenceColumns);
      return created;
    },
    patch: async (id, { lastname }) => {
      const changes = { lastname, updated_at: db.fn.now(), version: db.raw('version + 1') };
      const [changed] = await table().where({ business_id, id }).update(changes).returning<Row[]>(referenceColumns);
      return changed;
    },
  };
}

function appOf(store: Store): Express {
  const app = express();
  app.use(express.json());
  app.get('/api/customers/:id', async (request, response) => {
    const customer = await store.get(request.params.id);
    if (customer) response.json({ customer });
    else response.status(404).end();
  });
  app.get('/api/customers', async (_request, response) => {
    response.json({ customers: await store.list() });
  });
  app.post('/api/customers', async (request, response) => {
    response.status(201).json({ customer: await store.create(request.body as Row) });
  });
  app.patch('/api/customers/:id', async (request, response) => {
    response.json({ customer: await store.patch(request.params.id, request.body as Row) });
  });
  return app;
}

if (isChild(import.meta.url)) {
  const { LIBRARY, DATABASE_URL = '', COMPANY_ID = '' } = process.env;
  const store = (LIBRARY === 'knex' ? storeWithKnex : storeWithPg)(DATABASE_URL, COMPANY_ID);
  const server = appOf(store).listen(0, '127.0.0.1', () =>
    process.send?.({ port: (server.address() as AddressInfo).port }),
  );
  endWithParent();
}
