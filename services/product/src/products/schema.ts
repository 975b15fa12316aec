import {
  Currency,
  Instant,
  creationBody,
  keyword,
  Metadata,
  multilineText,
  money,
  Money,
  queryPage,
  pageSchema,
  queryNumbers,
  queryPerPage,
  queryBoolean,
  querySearch,
  querySort,
  text,
  Uuid,
  nameSchemas,
} from '@clientela/validation';
import { z } from 'zod';

const Type = z.enum(['product', 'service']);
/** The type in any case, or an alias of it. */
const TypeOrAlias = keyword(Type.options, { produto: 'product', servico: 'service', serviço: 'service' });

export const Product = z.strictObject({
  id: Uuid,
  number: z.int(),
  sku: z.string().nullable(),
  name: z.string(),
  description: z.string().nullable(),
  type: Type,
  price: Money,
  currency: z.string(),
  is_active: z.boolean(),
  metadata: z.record(z.string(), z.json()),
  created_at: Instant,
  updated_at: Instant,
  version: z.int(),
});
export type Product = z.infer<typeof Product>;

export const WritableProduct = z.strictObject({
  sku: text(100).nullable(),
  name: text(255, 2),
  description: multilineText(5000).nullable(),
  type: TypeOrAlias,
  price: money(0),
  currency: Currency,
  metadata: Metadata,
});
export type ProductChanges = Partial<z.infer<typeof WritableProduct>>;

const newProduct = WritableProduct.partial({ sku: true, description: true, currency: true }).extend({
  number: z
    .int()
    .min(1)
    .max(9_999_999)
    .optional()
    .meta({ description: 'Your own number, below 10,000,000; assigned from a sequence when omitted' }),
  type: TypeOrAlias.prefault('product'),
  metadata: Metadata.default({}),
  is_active: z.literal(true).nullish().meta({ description: 'A new product is active' }),
});
export const NewProduct = creationBody(Product, newProduct);
export type NewProduct = z.infer<typeof NewProduct>;

const sortableColumns = ['created_at', 'updated_at', 'name', 'price', 'number'] as const;

export const ProductQuery = z.strictObject({
  page: queryPage,
  per_page: queryPerPage(),
  sort: querySort(sortableColumns),
  search: querySearch.optional(),
  type: TypeOrAlias.optional(),
  min_price: money(0).optional(),
  max_price: money(0).optional(),
  active_only: queryBoolean.default(true),
  number: queryNumbers(100).optional(),
});
export type ProductQuery = z.infer<typeof ProductQuery>;

export const ProductId = z.strictObject({ product_id: Uuid });
export const ProductResponse = z.strictObject({ product: Product });
export const SavedProductResponse = z.strictObject({ message: z.string(), product: Product });
export const ProductPage = pageSchema('products', Product);
export const DeleteQuery = z.strictObject({ hard_delete: queryBoolean.default(false) });

nameSchemas({ Product, NewProduct, ProductResponse, SavedProductResponse, ProductPage });
