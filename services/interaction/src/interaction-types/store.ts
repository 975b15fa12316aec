import { alphabetical, mapConstraintErrors, type Db, type Page, type Tx } from '@clientela/db';
import { conflict } from '@clientela/errors';
import { builtInTypes } from './rules.ts';
import type { InteractionType, InteractionTypeQuery } from './schema.ts';

const columns = ['name', 'created_by', 'created_at'] as const;
type Row = Pick<InteractionType, (typeof columns)[number]>;

const ownType = (row: Row): InteractionType => ({ ...row, built_in: false, version: 1 });
const builtInType = (name: string): InteractionType => ({
  name,
  built_in: true,
  created_by: null,
  created_at: null,
  version: 1,
});

const nameTaken = (findExisting: (db: Db) => Promise<InteractionType | undefined>) =>
  conflict({ resource: 'interaction type', field: 'name', existing: findExisting });

/** Whether the type is built in or one of the company's own. */
export const hasType = async (db: Db, company_id: string, name: string): Promise<boolean> =>
  builtInTypes.includes(name) || (await findOwn(db, company_id, name)) !== undefined;

async function findOwn(db: Db, company_id: string, name: string): Promise<InteractionType | undefined> {
  const row = (await db('interaction_types').select(columns).where({ company_id, name }).first()) as Row | undefined;
  return row && ownType(row);
}

/** Lists built-in types first, then the company's own types by name. */
export async function listTypes(
  db: Db,
  company_id: string,
  { page, per_page }: InteractionTypeQuery,
): Promise<Page<InteractionType>> {
  const offset = (page - 1) * per_page;
  const builtInRows = builtInTypes.slice(offset, offset + per_page).map(builtInType);
  const ownTypes = db('interaction_types').where({ company_id });
  const [counted] = (await ownTypes.clone().count({ total: '*' })) as [{ total: number }];
  const rows = (await ownTypes
    .select(columns)
    .orderByRaw(alphabetical('name'))
    .limit(per_page - builtInRows.length)
    .offset(Math.max(0, offset - builtInTypes.length))) as Row[];
  const total = builtInTypes.length + counted.total;
  return { rows: [...builtInRows, ...rows.map(ownType)], total, page, pages: Math.ceil(total / per_page), per_page };
}

export async function insertType(
  tx: Tx,
  company_id: string,
  created_by: string,
  name: string,
): Promise<InteractionType> {
  if (builtInTypes.includes(name)) throw nameTaken(async () => builtInType(name));
  const insert = tx('interaction_types').insert({ company_id, name, created_by }).returning(columns);
  const [row] = await mapConstraintErrors(insert, {
    interaction_types_name_taken: () => nameTaken((db) => findOwn(db, company_id, name)),
  });
  return ownType(row as Row);
}
