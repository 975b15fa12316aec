import type { Answer, Client } from '../testing/test-fleet.ts';
import type { Book, Customer } from './ledger.ts';
import { untilAnswered } from './retry.ts';
import type { Dice } from './seed.ts';

/** Somebody who writes, one thing after the other, each until it is acknowledged. */
export type Writer = {
  name: string;
  client: Client & { user: Answer['body'] };
  company_id: string;
  book: Book;
  dice: Dice;
};

/** A kind of write: asks for it, and notes in the book what was acknowledged. */
export type Write = {
  /** How often it is chosen among those that are possible. */
  weight: number;
  possible?: (book: Book) => boolean;
  do: (writer: Writer, name: string) => Promise<void>;
};

/** @throws Error for any answer but the expected one, and a "not now" that does not end */
export async function ask(
  writer: Writer,
  expected: number,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const key = slug(writer);
  const begun = performance.now();
  const answer = await untilAnswered(writer.client, key, method, path, body);
  writer.book.repeated += answer.times - 1;
  if (answer.times === 1) writer.book.took.push(performance.now() - begun);
  // Removed by a request whose answer was lost: what is gone cannot be removed again.
  const goneBefore = method === 'DELETE' && answer.status === 404 && answer.times > 1;
  if (answer.status !== expected && !goneBefore)
    throw new Error(`${method} ${path} was answered by ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

/** What one write of one writer is called where there is no room for blanks. */
export const slug = ({ name, book }: Writer) => `${name} ${book.writes}`.replaceAll(' ', '-');
export const living = ({ customers }: Book) => customers.filter(({ gone }) => !gone);
export const someCustomer = ({ book, dice }: Writer): Customer => dice.pick(living(book));
export const having = (book: Book, what: 'tags' | 'interactions' | 'transactions' | 'favorites') =>
  living(book).filter((customer) => customer[what].length > 0);
export const without = <T>(list: T[], one: T) => void list.splice(list.indexOf(one), 1);
export const pathOf = ({ id }: { id: string }) => `/api/customers/${id}`;
export const anyCustomer = (book: Book) => living(book).length > 0;
