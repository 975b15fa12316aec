import type { Db } from '@clientela/db';
import type { Sql } from './source.ts';
import { patternsOf, type Pieces } from './terms.ts';

const common = 0.5; // of all: a piece above this is no help in the index

/** Whether a text holds all pieces of one of these; by the index, where patterns are given. */
export function holding(db: Db, any_of: readonly Pieces[], patterns: readonly (readonly string[])[] = []): Sql {
  const values: string[] = [];
  const sql = any_of.map((pieces, at) => {
    const inIndex = patterns[at] ?? [];
    values.push(...inIndex, ...pieces);
    return [...inIndex.map(() => 'c.searched like ?'), ...pieces.map(() => 'strpos(c.searched, ?) > 0')].join(' and ');
  });
  return db.raw(sql.length === 0 ? 'false' : `((${sql.join(') or (')}))`, values);
}

/** The patterns by which the index is asked: of the pieces that are rare, or of all when none is. */
export function rarest(pieces: Pieces, sample: { patterns: ReadonlyMap<string, number> } | undefined): string[] {
  const patterns = [...new Set(pieces.flatMap((piece) => patternsOf(piece)))];
  const rare = patterns.filter((pattern) => (sample?.patterns.get(pattern) ?? 0) < common);
  return rare.length > 0 ? rare : patterns;
}
