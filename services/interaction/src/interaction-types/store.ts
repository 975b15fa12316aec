import { mapConstraintErrors, type Db, type Page, type Tx } from '@clientela/db';
import { conflict } from '@clientela/errors';
import { builtIn } from './rules.ts';
import type { InteractionType, InteractionTypeQuery } from './schema.ts';

const columns = ['name', 'created_by', 'created_at'] as const;
type Row = Pick<InteractionType, (typeof columns)[number]>;

const own = (row: Row): InteractionType => ({ ...row, built_in: false });
const shared = (name: string): InteractionType => ({ name, built_in: true, created_by: null, created_at: null });

const taken = (find: (db: Db) => Promise<InteractionType | undefined>) =>
  conflict({ resource: 'interaction type', field: 'name', existing: find });

/** Whether a company may record interactions of this type. */
export const hasType = async (db: Db, company_id: string, name: string): Promise<boolean> =>
  builtIn.includes(name) || (await findOwn(db, company_id, name)) !== undefined;

async function findOwn(db: Db, company_id: string, name: string): Promise<InteractionType | undefined> {
  const row = (await db('interaction_types').select(columns).where({ company_id, name }).first()) as Row | undefined;
  return row && own(row);
}

/** Those that every company has, then the company's own by name. */
export async function listTypes(
  db: Db,
  company_id: string,
  { page, per_page }: InteractionTypeQuery,
): Promise<Page<InteractionType>> {
  const skip = (page - 1) * per_page;
  const first = builtIn.slice(skip, skip + per_page).map(shared);
  const found = db('interaction_types').where({ company_id });
  const [counted] = (await found.clone().count({ total: '*' })) as [{ total: number }];
  const rows = (await found
    .select(columns)
    .orderBy('name')
    .limit(per_page - first.length)
    .offset(Math.max(0, skip - builtIn.length))) as Row[];
  const total = builtIn.length + counted.total;
  return { rows: [...first, ...rows.map(own)], total, page, pages: Math.ceil(total / per_page), per_page };
}

export async function insertType(
  tx: Tx,
  company_id: string,
  created_by: string,
  name: string,
): Promise<InteractionType> {
  if (builtIn.includes(name)) throw taken(async () => shared(name));
  const insert = tx('interaction_types').insert({ company_id, name, created_by }).returning(columns);
  const [row] = await mapConstraintErrors(insert, {
    interaction_types_name_taken: () => taken((db) => findOwn(db, company_id, name)),
  });
  return own(row as Row);
}
