import { productCreated, productDeleted, productUpdated } from '@clientela/contracts';
import { requireUpdated, requireVersion, type Tx, type ExpectedVersion } from '@clientela/db';
import { invalid } from '@clientela/errors';
import { publish } from '@clientela/events';
import { changedValues, pickWritable, type CompanyActor } from '@clientela/http';
import { mergeMetadata, metadataErrors } from '@clientela/validation';
import { WritableProduct, type NewProduct, type Product } from './schema.ts';
import { deleteProduct, insertProduct, lockProduct, updateProduct } from './store.ts';

/** The product to change, and the version from If-Match; undefined without that header. */
export type Target = { actor: CompanyActor; id: string; expected_version: ExpectedVersion };

export async function createProduct(
  tx: Tx,
  actor: CompanyActor,
  input: NewProduct & { currency: string },
): Promise<Product> {
  const product = await insertProduct(tx, actor.company_id, { ...input, metadata: mergeMetadata({}, input.metadata) });
  await publish(tx, productCreated, actor, product.version, { product_id: product.id, number: product.number });
  return product;
}

export async function changeProduct(tx: Tx, target: Target, body: Record<string, unknown>): Promise<Product> {
  const current = await lockCurrent(tx, target);
  const changes = pickWritable(body, WritableProduct, current);
  if (changes.metadata) changes.metadata = mergeMetadata(current.metadata, changes.metadata);
  const errors = metadataErrors(changes.metadata ?? {});
  if (errors.length > 0) throw invalid(errors);
  return updateAndPublish(tx, target.actor, current, changes);
}

export const activateProduct = async (tx: Tx, target: Target): Promise<Product> =>
  updateAndPublish(tx, target.actor, await lockCurrent(tx, target), { is_active: true });

/** Deactivates a product; its record and its sku stay. Repeating it changes nothing. */
export async function deactivateProduct(tx: Tx, target: Target): Promise<void> {
  const current = await lockCurrent(tx, target);
  if (!current.is_active) return;
  const { id, number, version } = await saveChanges(tx, target.actor, current, { is_active: false });
  await publish(tx, productDeleted, target.actor, version, { product_id: id, number, hard: false });
}

/** Deletes the record of a product. */
export async function hardDeleteProduct(tx: Tx, target: Target): Promise<void> {
  const { id, number, version } = await lockCurrent(tx, target);
  await deleteProduct(tx, target.actor.company_id, id);
  await publish(tx, productDeleted, target.actor, version + 1, { product_id: id, number, hard: true });
}

async function lockCurrent(tx: Tx, { actor, id, expected_version }: Target): Promise<Product> {
  return requireVersion(await lockProduct(tx, actor.company_id, id), 'product', expected_version);
}

type Changes = Parameters<typeof updateProduct>[3];

async function updateAndPublish(tx: Tx, actor: CompanyActor, current: Product, requested: Changes): Promise<Product> {
  const changes = changedValues(requested, current);
  const fields_changed = Object.keys(changes);
  if (fields_changed.length === 0) return current;
  const product = await saveChanges(tx, actor, current, changes);
  await publish(tx, productUpdated, actor, product.version, {
    product_id: product.id,
    number: product.number,
    fields_changed,
  });
  return product;
}

async function saveChanges(tx: Tx, actor: CompanyActor, current: Product, changes: Changes): Promise<Product> {
  return requireUpdated(await updateProduct(tx, actor.company_id, current, changes));
}
