import {
  lookUp,
  isUuid,
  containsPattern,
  mapConstraintErrors,
  newId,
  paginate,
  normalizeForSearch,
  whereCompany,
  type Db,
  type NamedStatement,
  type Page,
  type Scope,
  type Tx,
} from '@clientela/db';
import { conflict } from '@clientela/errors';
import type { NewProduct, Product, ProductChanges, ProductQuery } from './schema.ts';

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
  'version',
] as const;

const searchText = ({ name, sku, description }: Pick<Product, 'name' | 'sku' | 'description'>) =>
  normalizeForSearch(name, sku, description);

const productById: NamedStatement = {
  name: 'find_product',
  text: `select ${columns.join(', ')} from products where company_id = $1 and id = $2`,
};

export const findProduct = async (db: Db, company_id: string, id: string): Promise<Product | undefined> =>
  (await lookUp<Product>(db, productById, [company_id, id]))[0];

/** Finds a product and locks its row until the transaction ends. */
export const lockProduct = async (tx: Tx, company_id: string, id: string): Promise<Product | undefined> =>
  tx('products').select(columns).where({ company_id, id }).forUpdate().first();

type ProductKeys = Pick<Product, 'id' | 'number' | 'is_active'>;
const productKeysBy = (column: 'id' | 'number'): NamedStatement => ({
  name: `find_product_by_${column}`,
  text: `select id, number, is_active from products where company_id = $1 and ${column} = $2`,
});
const productKeys = { id: productKeysBy('id'), number: productKeysBy('number') };

/** Finds a product by id or by number. */
export const findProductByKey = async (db: Db, company_id: string, key: string): Promise<ProductKeys | undefined> =>
  (await lookUp<ProductKeys>(db, productKeys[isUuid(key) ? 'id' : 'number'], [company_id, key]))[0];

export function listProducts(db: Db, scope: Scope, query: ProductQuery): Promise<Page<Product>> {
  const rows = whereCompany(db('products'), scope);
  if (query.active_only) void rows.where('is_active', true);
  if (query.type) void rows.where('type', query.type);
  if (query.min_price) void rows.where('price', '>=', query.min_price);
  if (query.max_price) void rows.where('price', '<=', query.max_price);
  if (query.number) void rows.whereIn('number', query.number);
  if (query.search) void rows.whereLike('search_text', containsPattern(normalizeForSearch(query.search)));
  const isFiltered = Boolean(query.number ?? query.search ?? query.type ?? query.min_price ?? query.max_price);
  return paginate<Product>(rows, columns, query, { isFiltered, alphabetical: ['name'] });
}

const uniqueConstraintErrors = (
  company_id: string,
  { sku, number }: { sku?: string | null; number?: number | undefined },
) => ({
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
): Promise<Product> {
  const { number, sku = null, description = null, is_active: _alwaysActive, ...rest } = input;
  const row = { ...rest, sku, description, company_id, id: newId(), ...(number !== undefined && { number }) };
  const insert = tx('products')
    .insert({ ...row, search_text: searchText(row) })
    .returning(columns);
  const [product] = await mapConstraintErrors(insert, uniqueConstraintErrors(company_id, { sku, number }));
  return product as Product;
}

/** Updates the version that was read. @returns undefined when another transaction changed the record */
export async function updateProduct(
  tx: Tx,
  company_id: string,
  current: Product,
  changes: ProductChanges & { is_active?: boolean },
): Promise<Product | undefined> {
  const update = tx('products')
    .where({ company_id, id: current.id, version: current.version })
    .update({
      ...changes,
      search_text: searchText({ ...current, ...changes }),
      version: current.version + 1,
      updated_at: tx.fn.now(),
    })
    .returning(columns);
  const [product] = await mapConstraintErrors(update, uniqueConstraintErrors(company_id, changes));
  return product as Product | undefined;
}

export const deleteProduct = (tx: Tx, company_id: string, id: string): Promise<number> =>
  tx('products').where({ company_id, id }).delete();
