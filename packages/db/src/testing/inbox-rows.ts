import type { Db, NamedStatement } from '../index.ts';

// Rows by which the tests of transactions see what was kept.

export const insert: NamedStatement = {
  name: 'insert_id',
  text: `insert into inbox_events (event_id, name) values ($1, 'x')`,
};

export const ids = ['1', '2', '3', '4'].map((digit) => `00000000-0000-7000-8000-00000000000${digit}`) as [
  string,
  string,
  string,
  string,
];

export const storedIds = async (db: Db): Promise<string[]> =>
  (await db('inbox_events').select<{ event_id: string }[]>('event_id').orderBy('event_id')).map(
    ({ event_id }) => event_id,
  );

/** What a test throws to have its work undone. */
export const undone = new Error('undone');
