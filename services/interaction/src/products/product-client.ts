import { InternalProduct } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import type { CompanyActor, ServiceClient } from '@clientela/http';

/**
 * Fetches a product of the actor's company. Inactive products are included, because a sale may be recorded later.
 * @throws AppError 404 for an unknown product, 503 while the product service is unavailable
 */
export type ProductClient = (
  id: string,
  call: { actor: CompanyActor; signal: AbortSignal },
) => Promise<InternalProduct>;

export const createProductClient =
  (products: ServiceClient): ProductClient =>
  async (id, call) => {
    const product = await products.get(`/internal/products/${id}`, InternalProduct, call);
    if (!product) throw notFound('product');
    return product;
  };
