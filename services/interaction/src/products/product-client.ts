import { InternalProduct } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import type { CompanyActor, ServiceClient } from '@clientela/http';

/** Finds a product of the actor's company, one that is no longer in use too: it may have been sold before. */
export type ProductLookup = (
  id: string,
  call: { actor: CompanyActor; signal: AbortSignal },
) => Promise<InternalProduct>;

/** @throws AppError 404 when there is no such product, 503 when the product service does not answer */
export const productLookup =
  (product: ServiceClient): ProductLookup =>
  async (id, call) => {
    const found = await product.get(`/internal/products/${id}`, InternalProduct, call);
    if (!found) throw notFound('product');
    return found;
  };
