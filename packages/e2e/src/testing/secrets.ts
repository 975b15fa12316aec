import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@clientela/db';
import { services } from '@clientela/fleet';
import { tablesContaining } from '@clientela/testing';
import type { Client, TestFleet, TestResponse } from './test-fleet.ts';

/** A secret as it is written, and its bytes as a dump of a database shows them. */
const formsOf = (secret: string): string[] => [
  secret,
  Buffer.from(secret).toString('hex'),
  ...(/^[\w-]{43}$/.test(secret) ? [Buffer.from(secret, 'base64url').toString('hex')] : []),
];

/**
 * Looks for secrets in every row of every database (events and stored responses among them), in the log files, and in further texts.
 * @returns where one is
 */
export async function placesOf(
  fleet: TestFleet,
  secrets: readonly string[],
  texts: Readonly<Record<string, string>>,
): Promise<string[]> {
  const forms = secrets.flatMap(formsOf);
  const folder = join(fleet.folder, 'logs');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const everything = [
    ...Object.entries(texts),
    ...files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'latin1')] as const),
  ];
  const places = everything.flatMap(([name, text]) => (forms.some((form) => text.includes(form)) ? [name] : []));
  for (const service of services) {
    const db = connect(fleet.databases[service].ownerUrl, { name: 'test', pool: 1 });
    try {
      places.push(...(await tablesContaining(db, forms)).map((table) => `${service}: ${table}`));
    } finally {
      await db.destroy();
    }
  }
  return places;
}

/** Adds every response of a client, headers included, to a list. */
export function recorded(caller: Client, responses: string[]): Client {
  const record = async (sent: Promise<TestResponse>): Promise<TestResponse> => {
    const response = await sent;
    responses.push(JSON.stringify([[...response.headers], response.body]));
    return response;
  };
  return {
    token: caller.token,
    send: (...request) => record(caller.send(...request)),
    get: (...request) => record(caller.get(...request)),
    post: (...request) => record(caller.post(...request)),
    put: (...request) => record(caller.put(...request)),
    patch: (...request) => record(caller.patch(...request)),
    delete: (...request) => record(caller.delete(...request)),
  };
}
