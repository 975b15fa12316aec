import type { Product } from '@clientela/client';

/** The fields of the form, as texts. */
export type ProductValues = {
  name: string;
  type: string;
  price: string;
  currency: string;
  sku: string;
  description: string;
};
export const productFields = ['name', 'type', 'price', 'currency', 'sku', 'description'] as const;

export const emptyProduct: ProductValues = {
  name: '',
  type: 'product',
  price: '',
  currency: '',
  sku: '',
  description: '',
};

export const valuesOf = ({ name, type, price, currency, sku, description }: Product): ProductValues => ({
  name,
  type,
  price,
  currency,
  sku: sku ?? '',
  description: description ?? '',
});

type ProductBody = {
  name?: string;
  type?: 'product' | 'service';
  price?: string;
  currency?: string;
  sku?: string | null;
  description?: string | null;
};

/** What the API takes of some fields. An empty sku or description is none; amounts may be typed with a comma. */
export function bodyOf({ name, type, price, currency, sku, description }: Partial<ProductValues>): ProductBody {
  return {
    ...(name !== undefined && { name: name.trim() }),
    ...(type !== undefined && { type: type as 'product' | 'service' }),
    ...(price !== undefined && { price: price.trim().replace(',', '.') }),
    ...(currency !== undefined && { currency: currency.trim().toUpperCase() }),
    ...(sku !== undefined && { sku: sku.trim() || null }),
    ...(description !== undefined && { description: description.trim() || null }),
  };
}
