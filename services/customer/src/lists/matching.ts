import type { Db } from '@clientela/db';
import type { Sample } from './sample.ts';
import type { Sql } from './source.ts';
import { trigramsOf, type Pieces } from './terms.ts';

/** Whether a text holds all pieces of one of these; by the index, where trigrams are given. */
export function holding(db: Db, any_of: readonly Pieces[], trigrams: readonly (readonly string[])[] = []): Sql {
  const values: string[] = [];
  const sql = any_of.map((pieces, at) => {
    const inIndex = trigrams[at] ?? [];
    const others = pieces.filter((piece) => !inIndex.includes(piece));
    values.push(...inIndex.map((trigram) => `%${trigram}%`), ...others);
    return [...inIndex.map(() => 'c.search_text like ?'), ...others.map(() => 'strpos(c.search_text, ?) > 0')].join(
      ' and ',
    );
  });
  return db.raw(sql.length === 0 ? 'false' : `((${sql.join(') or (')}))`, values);
}

// What it costs, in looks at a row of the table: an entry of the shortest list that is looked up in one more, and one of that list.
const lookedUp = 0.1;
const readOver = 0.01;
const rare = 0.02; // of all: the list of such a trigram is read in no time, and a sample tells nothing of what it leaves

/**
 * The trigrams by which the index is asked for each of these. One that holds all that another is asked by is asked by the same: the planner
 * then asks the index once, by what they have in common, and not for `cruz` alone where `de la cruz` is `de`, `la` and `cruz`.
 */
export function askedBy(any_of: readonly Pieces[], sample: Sample | undefined): string[][] {
  const all = any_of.map((pieces) => trigramsIn(pieces));
  const within = (own: readonly string[]) => (other: readonly string[]) =>
    other.length > 0 && other.every((trigram) => own.includes(trigram));
  return all.map((own) => telling(all.findLast(within(own)) ?? own, sample));
}

/** All trigrams of some pieces. */
export const trigramsIn = (pieces: Pieces): string[] => [...new Set(pieces.flatMap((piece) => trigramsOf(piece)))];

/**
 * The trigrams by which the index is asked for all of these. An index of trigrams reads the lists of all that it is asked for, of
 * `garcia` four with a quarter of all customers each; a few of them leave hardly more rows to look at.
 */
export function telling(trigrams: string[], sample: Sample | undefined): string[] {
  if (!sample) return trigrams;
  const all = trigrams
    .map((trigram) => ({ trigram, rows: sample.filter(({ search_text }) => search_text.includes(trigram)) }))
    .toSorted((a, b) => a.rows.length - b.rows.length);
  const [rarest] = all;
  if (!rarest) return [];
  const chosen = all.filter((one) => one === rarest || one.rows.length <= rare * sample.length);
  let left = rarest.rows.filter(({ search_text }) => chosen.every(({ trigram }) => search_text.includes(trigram)));
  for (;;) {
    const others = all.filter((one) => !chosen.includes(one));
    const gains = others.map((one) => {
      const spared = left.filter(({ search_text }) => !search_text.includes(one.trigram)).length;
      return { one, gain: spared - lookedUp * rarest.rows.length - readOver * one.rows.length };
    });
    const best = gains.toSorted((a, b) => b.gain - a.gain)[0];
    if (!best || best.gain <= 0) return chosen.map(({ trigram }) => trigram);
    chosen.push(best.one);
    left = left.filter(({ search_text }) => search_text.includes(best.one.trigram));
  }
}
