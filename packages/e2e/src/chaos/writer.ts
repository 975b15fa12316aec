import type { TestResponse, Client } from '../testing/test-fleet.ts';
import type { Ledger, Customer } from './ledger.ts';
import { sendWithRetry } from './retry.ts';
import type { Random } from './seed.ts';

/** A client that writes one record after the other, each until it is acknowledged. */
export type Writer = {
  name: string;
  client: Client & { user: TestResponse['body'] };
  company_id: string;
  ledger: Ledger;
  random: Random;
};

/** A kind of write, which records in the ledger what was acknowledged. */
export type Write = {
  /** Relative frequency among the possible writes. */
  weight: number;
  isPossible?: (ledger: Ledger) => boolean;
  do: (writer: Writer, name: string) => Promise<void>;
};

/** Sends a write with retries. @throws Error for any response but the expected one */
export async function sendWrite(
  writer: Writer,
  expected: number,
  method: string,
  path: string,
  body?: unknown,
): Promise<TestResponse> {
  const key = slug(writer);
  const startTime = performance.now();
  const response = await sendWithRetry(writer.client, key, method, path, body);
  writer.ledger.retries += response.times - 1;
  if (response.times === 1) writer.ledger.durations.push(performance.now() - startTime);
  // A lost response may have deleted the record, so that the retry does not find it.
  const isAlreadyDeleted = method === 'DELETE' && response.status === 404 && response.times > 1;
  if (response.status !== expected && !isAlreadyDeleted)
    throw new Error(`${method} ${path} returned ${response.status} ${JSON.stringify(response.body)}`);
  return response;
}

/** A unique name for the current write, without spaces. */
export const slug = ({ name, ledger }: Writer) => `${name} ${ledger.writes}`.replaceAll(' ', '-');
export const activeCustomers = ({ customers }: Ledger) => customers.filter(({ isDeleted }) => !isDeleted);
export const someCustomer = ({ ledger, random }: Writer): Customer => random.pick(activeCustomers(ledger));
export const customersWith = (ledger: Ledger, field: 'tags' | 'interactions' | 'transactions' | 'favorites') =>
  activeCustomers(ledger).filter((customer) => customer[field].length > 0);
export const remove = <T>(list: T[], item: T) => void list.splice(list.indexOf(item), 1);
export const pathOf = ({ id }: { id: string }) => `/api/customers/${id}`;
export const hasCustomers = (ledger: Ledger) => activeCustomers(ledger).length > 0;
