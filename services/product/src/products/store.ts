import {
  isUuid,
  containsPattern,
  mapConstraintErrors,
  newId,
  paginate,
  normalizeForSearch,
  whereCompany,
  type Db,
  type Page,
  type Scope,
  type Tx,
} from '@clientela/db';
import { conflict } from '@clientela/errors';
import type { NewProduct, Product, ProductChanges, ProductQuery } from './schema.ts';

export type StoredProduct = Product & { version: number };

const columns = [
  'id',
  'number',
  'sku',
  'name',
  'description',
  'type',
  'price',
  'currency',
  'is_active',
  'metadata',
  'created_at',
  'updated_at',
] as const;
const stored = [...columns, 'version'] as const;

const searched = ({ name, sku, description }: Pick<Product, 'name' | 'sku' | 'description'>) =>
  normalizeForSearch(name, sku, description);

export const findProduct = async (db: Db, company_id: string, id: string): Promise<StoredProduct | undefined> =>
  // A named statement is parsed and planned once per connection.
  db('products').select(stored).where({ company_id, id }).first().options({ name: 'find_product' });

/** Finds and locks: nobody changes it until the transaction ends. */
export const lockProduct = async (tx: Tx, company_id: string, id: string): Promise<StoredProduct | undefined> =>
  tx('products').select(stored).where({ company_id, id }).forUpdate().first();

/** By id, or by the number that people read out. */
export const findProductByKey = async (db: Db, company_id: string, key: string) =>
  db('products')
    .select('id', 'number', 'is_active')
    .where({ company_id, ...(isUuid(key) ? { id: key } : { number: key }) })
    .first() as Promise<Pick<Product, 'id' | 'number' | 'is_active'> | undefined>;

export function listProducts(db: Db, scope: Scope, query: ProductQuery): Promise<Page<Product>> {
  const found = whereCompany(db('products'), scope);
  if (query.active_only) void found.where('is_active', true);
  if (query.type) void found.where('type', query.type);
  if (query.min_price) void found.where('price', '>=', query.min_price);
  if (query.max_price) void found.where('price', '<=', query.max_price);
  if (query.search) void found.whereLike('searched', containsPattern(normalizeForSearch(query.search)));
  const filtered = Boolean(query.search ?? query.type ?? query.min_price ?? query.max_price);
  return paginate<Product>(found, columns, query, { isFiltered: filtered });
}

const taken = (company_id: string, { sku, number }: { sku?: string | null; number?: number | undefined }) => ({
  products_sku_taken: () =>
    conflict({
      resource: 'product',
      field: 'sku',
      existing: (db: Db) => db('products').select('id', 'number').where({ company_id, sku }).first(),
    }),
  products_number_taken: () =>
    conflict({
      resource: 'product',
      field: 'number',
      existing: (db: Db) => db('products').select('id', 'number').where({ company_id, number }).first(),
    }),
});

export async function insertProduct(
  tx: Tx,
  company_id: string,
  input: NewProduct & { currency: string },
): Promise<StoredProduct> {
  const { number, sku = null, description = null, ...rest } = input;
  const row = { ...rest, sku, description, company_id, id: newId(), ...(number !== undefined && { number }) };
  const insert = tx('products')
    .insert({ ...row, searched: searched(row) })
    .returning(stored);
  const [product] = await mapConstraintErrors(insert, taken(company_id, { sku, number }));
  return product as StoredProduct;
}

/** Writes changes onto the version that was read; undefined when the record has moved on. */
export async function updateProduct(
  tx: Tx,
  company_id: string,
  current: StoredProduct,
  changes: ProductChanges & { is_active?: boolean },
): Promise<StoredProduct | undefined> {
  const update = tx('products')
    .where({ company_id, id: current.id, version: current.version })
    .update({
      ...changes,
      searched: searched({ ...current, ...changes }),
      version: current.version + 1,
      updated_at: tx.fn.now(),
    })
    .returning(stored);
  const [product] = await mapConstraintErrors(update, taken(company_id, changes));
  return product as StoredProduct | undefined;
}

export const deleteProduct = (tx: Tx, company_id: string, id: string): Promise<number> =>
  tx('products').where({ company_id, id }).delete();
