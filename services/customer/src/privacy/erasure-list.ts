import type { Db, Tx } from '@clientela/db';
import { Instant, Uuid } from '@clientela/validation';
import { z } from 'zod';
import { insertRequestAgain, listAllRequests, listFingerprints, insertFingerprintAgain } from './erasure-list-store.ts';

// The list of everybody who was erased, which outlives a database that is restored to an earlier moment. One JSON object a line, ids and
// fingerprints only.

const Line = z.union([
  z.strictObject({
    request: z.strictObject({
      company_id: Uuid,
      id: Uuid,
      customer_id: Uuid.nullable(),
      customer_number: z.int().nullable(),
      user_id: Uuid.nullable(),
      part_of: Uuid.nullable(),
      requested_by: z.string().max(200),
      requested_at: Instant,
    }),
  }),
  z.strictObject({
    fingerprint: z.strictObject({ company_id: Uuid, fingerprint: z.hex().max(128), expires_at: Instant }),
  }),
]);
export type ListedRequest = Extract<z.infer<typeof Line>, { request: object }>['request'];
export type ListedFingerprint = Extract<z.infer<typeof Line>, { fingerprint: object }>['fingerprint'];

/** Writes the list in one snapshot. @param write receives whole lines */
export const exportErasures = (db: Db, write: (lines: string) => Promise<void>): Promise<void> =>
  db.transaction(
    async (tx) => {
      for await (const rows of listAllRequests(tx)) await write(toLines('request', rows));
      for await (const rows of listFingerprints(tx)) await write(toLines('fingerprint', rows));
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );

const toLines = (name: string, rows: readonly object[]): string =>
  rows.map((row) => `${JSON.stringify({ [name]: row })}\n`).join('');

/**
 * Requests every listed erasure that this database does not know. The erasure worker carries them out, as any other.
 * @returns how many erasures begin again
 * @throws Error naming the first line that is not one of a list; nothing is changed then
 */
export async function replayErasures(tx: Tx, lines: AsyncIterable<string>): Promise<number> {
  let replayed = 0;
  let number = 0;
  // A part refers to the request that it belongs to, which may be a later line.
  const parts: ListedRequest[] = [];
  for await (const text of lines) {
    number += 1;
    const line = parseLine(text);
    if (!line) throw new Error(`Line ${number} is not one of a list of erasures.`);
    if ('fingerprint' in line) await insertFingerprintAgain(tx, line.fingerprint);
    else if (line.request.part_of !== null) parts.push(line.request);
    else replayed += await insertRequestAgain(tx, line.request);
  }
  for (const part of parts) replayed += await insertRequestAgain(tx, part);
  return replayed;
}

function parseLine(text: string): z.infer<typeof Line> | undefined {
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
