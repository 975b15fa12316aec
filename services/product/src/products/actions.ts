import { productCreated, productDeleted, productUpdated } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { notFound, preconditionFailed } from '@clientela/errors';
import { publish } from '@clientela/events';
import { changedValues, pickWritable, type CompanyActor } from '@clientela/http';
import { WritableProduct, type NewProduct } from './schema.ts';
import { deleteProduct, insertProduct, lockProduct, updateProduct, type StoredProduct } from './store.ts';

/** A change of one existing product: whose, which, and the version the caller knows of it, if it said so. */
export type Target = { actor: CompanyActor; id: string; expected_version: number | undefined };

export async function createProduct(
  tx: Tx,
  actor: CompanyActor,
  input: NewProduct & { currency: string },
): Promise<StoredProduct> {
  const product = await insertProduct(tx, actor.company_id, input);
  await publish(tx, productCreated, actor, product.version, { product_id: product.id, number: product.number });
  return product;
}

export async function changeProduct(tx: Tx, target: Target, body: Record<string, unknown>): Promise<StoredProduct> {
  const current = await currentOf(tx, target);
  return save(tx, target.actor, current, changedValues(pickWritable(body, WritableProduct, current), current));
}

export const activateProduct = async (tx: Tx, target: Target): Promise<StoredProduct> =>
  save(tx, target.actor, await currentOf(tx, target), { is_active: true });

/** Takes a product out of use; its record and its sku stay. Again is no change. */
export async function deactivateProduct(tx: Tx, target: Target): Promise<void> {
  const current = await currentOf(tx, target);
  if (!current.is_active) return;
  const { id, number, version } = await write(tx, target.actor, current, { is_active: false });
  await publish(tx, productDeleted, target.actor, version, { product_id: id, number, hard: false });
}

/** Removes a product for good. */
export async function removeProduct(tx: Tx, target: Target): Promise<void> {
  const { id, number, version } = await currentOf(tx, target);
  await deleteProduct(tx, target.actor.company_id, id);
  await publish(tx, productDeleted, target.actor, version + 1, { product_id: id, number, hard: true });
}

async function currentOf(tx: Tx, { actor, id, expected_version }: Target): Promise<StoredProduct> {
  const current = await lockProduct(tx, actor.company_id, id);
  if (!current) throw notFound('product');
  if (expected_version !== undefined && expected_version !== current.version) throw preconditionFailed();
  return current;
}

type Changes = Parameters<typeof updateProduct>[3];

async function save(tx: Tx, actor: CompanyActor, current: StoredProduct, wanted: Changes): Promise<StoredProduct> {
  const changes = changedValues(wanted, current);
  const fields_changed = Object.keys(changes);
  if (fields_changed.length === 0) return current;
  const product = await write(tx, actor, current, changes);
  await publish(tx, productUpdated, actor, product.version, {
    product_id: product.id,
    number: product.number,
    fields_changed,
  });
  return product;
}

async function write(tx: Tx, actor: CompanyActor, current: StoredProduct, changes: Changes): Promise<StoredProduct> {
  const product = await updateProduct(tx, actor.company_id, current, changes);
  if (!product) throw preconditionFailed();
  return product;
}
