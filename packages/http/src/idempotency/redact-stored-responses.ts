import type { Person } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { NIL_UUID } from './idempotency-store.ts';

export const storedResponsesTable = 'idempotency_keys';
/** What is blanked of an answer. */
export const redactedColumns = ['answer', 'headers', 'reference', 'status', 'fingerprint', 'key'];

const atOnce = 1000; // rows that a statement goes through
const key = ['company_id', 'actor_id', 'method', 'path', 'key', 'part'] as const;
const row = `(${key.join(', ')})`;
const places = `(${key.map(() => '?').join(', ')})`;

type Part = { rows: number; over: boolean; after: readonly (string | number)[] | null };

/**
 * Blanks kept answers that hold a person, among the thousand that follow a key: those that name the customer's or the user's id, in the
 * path or in what was answered, those that give the customer's number as such, and those that the user was given. What the client sent
 * as its key goes too; by its digest a repeat is known.
 * @returns how many they were, and where the next thousand begin
 */
export async function redactStoredResponses(tx: Tx, person: Person, after: Part['after']): Promise<Part> {
  const companies = [person.company_id, NIL_UUID];
  const [last] = (await tx(storedResponsesTable)
    .select(key)
    .whereIn('company_id', companies)
    .where((rows) => void (after && rows.whereRaw(`${row} > ${places}`, [...after])))
    .orderBy([...key])
    .offset(atOnce - 1)
    .limit(1)) as Record<string, string>[];
  const upTo = last && key.map((name) => last[name] as string);
  const rows = await tx(storedResponsesTable)
    .whereIn('company_id', companies)
    .where((rows) => void (after && rows.whereRaw(`${row} > ${places}`, [...after])))
    .where((rows) => void (upTo && rows.whereRaw(`${row} <= ${places}`, upTo)))
    .where({ erased: false })
    .where((rows) => {
      const { customer_id, customer_number, user_id } = person;
      void rows.whereRaw('false');
      for (const id of [customer_id, user_id]) {
        if (id === null) continue;
        void rows.orWhereRaw(`concat_ws(' ', lower(path), reference, headers::text, answer::text) like ?`, [`%${id}%`]);
      }
      if (user_id !== null) void rows.orWhere('actor_id', user_id);
      if (customer_number !== null) void rows.orWhereRaw(...numbered(customer_number));
    })
    .update({
      erased: true,
      status: null,
      answer: null,
      headers: null,
      reference: null,
      fingerprint: Buffer.of(),
      key: tx.raw(`encode(sha256(convert_to(key, 'UTF8')), 'hex')`),
    });
  return { rows, over: !upTo, after: upTo ?? null };
}

/** Where a number is the customer's own, and not a price or a total that looks like it. */
const numbered = (number: number): [string, string[]] => [
  `path = '/rest/v1/customers/' || ?1 or starts_with(path, '/rest/v1/customers/' || ?1 || '/')
   or case path when '/rest/v1/customers' then answer ->> 'id' = ?1
                when '/rest/v1/favorites' then answer ->> 'user_id' = ?1
                when '/api/favorites' then answer ->> 'user_id' = ?1
                else answer::text ~ ('"customer_number":' || ?1 || '[,}]') end`.replaceAll('?1', '?::text'),
  Array.from({ length: 6 }, () => String(number)),
];
