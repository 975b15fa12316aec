import { InternalProduct } from '@clientela/contracts';
import { ignoring, Message, nameSchemas } from '@clientela/validation';
import { notFound } from '@clientela/errors';
import { requirePermission, patchBody, route, withETag, type CompanyClient, type Route } from '@clientela/http';
import { z } from 'zod';
import { activateProduct, changeProduct, createProduct, deactivateProduct, hardDeleteProduct } from './actions.ts';
import {
  NewProduct,
  Product,
  ProductId,
  ProductPage,
  ProductQuery,
  SavedProductResponse,
  ProductResponse,
  DeleteQuery,
  WritableProduct,
} from './schema.ts';
import { findProduct, findProductByKey, listProducts } from './store.ts';

const path = '/api/products';
const itemPath = `${path}/{product_id}`;

const toSavedResponse = (message: string, product: Product) => withETag(product.version, { message, product });

const ProductPatch = ignoring(patchBody(Product, WritableProduct));
nameSchemas({ ProductPatch });

const updateRoute = (method: 'put' | 'patch') =>
  route({
    method,
    path: itemPath,
    operation: method === 'put' ? 'products.put' : 'products.update',
    errors: { 404: ['PRODUCT_NOT_FOUND'], 409: ['PRODUCT_SKU_TAKEN'] },
    summary: 'Update a product',
    description:
      'Omitted fields are unchanged; null clears sku and description. Keys of metadata are merged; null removes one (RFC 7396).',
    allow: 'products:update',
    params: ProductId,
    body: ProductPatch,
    example: { price: '130.00' },
    responses: { 200: SavedProductResponse },
    handle: async ({ tx, actor, params, body, expected_version }) =>
      toSavedResponse(
        'Product updated',
        await changeProduct(tx, { actor, id: params.product_id, expected_version }, body),
      ),
  });

export const productRoutes = (companies: CompanyClient): Route[] => [
  route({
    method: 'post',
    path,
    operation: 'products.create',
    errors: { 404: ['COMPANY_NOT_FOUND'], 409: ['PRODUCT_NUMBER_TAKEN', 'PRODUCT_SKU_TAKEN'] },
    summary: 'Create a product or service',
    allow: 'products:create',
    body: NewProduct,
    example: { name: 'Annual support', type: 'service', price: '120.00', currency: 'EUR', sku: 'SUP-12' },
    responses: { 201: SavedProductResponse },
    prepare: async ({ actor, body, signal }) =>
      body.currency ?? (await companies(actor.company_id, { actor, signal }))?.currency,
    handle: async ({ tx, actor, body, prepared }) => {
      if (!prepared) throw notFound('company');
      return toSavedResponse('Product created', await createProduct(tx, actor, { ...body, currency: prepared }));
    },
  }),
  route({
    method: 'get',
    path,
    operation: 'products.list',
    summary: 'List products',
    allow: 'products:read',
    tenancy: 'company-or-all',
    query: ProductQuery,
    responses: { 200: ProductPage },
    handle: async ({ db, scope, query }) => {
      const { rows: products, ...pagination } = await listProducts(db, scope, query);
      return { products, ...pagination };
    },
  }),
  route({
    method: 'get',
    path: itemPath,
    operation: 'products.get',
    errors: { 404: ['PRODUCT_NOT_FOUND'] },
    summary: 'Get a product',
    allow: 'products:read',
    params: ProductId,
    conditionalGet: true,
    responses: { 200: ProductResponse },
    handle: async ({ db, actor, params }) => {
      const product = await findProduct(db, actor.company_id, params.product_id);
      if (!product) throw notFound('product');
      return withETag(product.version, { product });
    },
  }),
  updateRoute('put'),
  updateRoute('patch'),
  route({
    method: 'delete',
    path: itemPath,
    operation: 'products.delete',
    errors: { 404: ['PRODUCT_NOT_FOUND'] },
    summary: 'Deactivate or delete a product',
    description: 'Deactivates the product. hard_delete=true deletes the record, which requires an admin.',
    allow: 'products:delete',
    params: ProductId,
    query: DeleteQuery,
    responses: { 200: Message },
    handle: async ({ tx, actor, params, query, expected_version }) => {
      const target = { actor, id: params.product_id, expected_version };
      if (!query.hard_delete) {
        await deactivateProduct(tx, target);
        return { message: 'Product deactivated' };
      }
      requirePermission(actor, 'products:hard_delete');
      await hardDeleteProduct(tx, target);
      return { message: 'Product removed' };
    },
  }),
  route({
    method: 'patch',
    path: `${itemPath}/activate`,
    operation: 'products.activate',
    errors: { 404: ['PRODUCT_NOT_FOUND'] },
    summary: 'Reactivate a product',
    allow: 'products:update',
    params: ProductId,
    responses: { 200: SavedProductResponse },
    handle: async ({ tx, actor, params, expected_version }) =>
      toSavedResponse(
        'Product activated',
        await activateProduct(tx, { actor, id: params.product_id, expected_version }),
      ),
  }),
  route({
    method: 'get',
    path: '/internal/products/{key}',
    summary: 'Find a product by id or number',
    allow: { internal: ['favorites', 'interaction'] },
    params: z.strictObject({ key: z.union([ProductId.shape.product_id, z.string().regex(/^\d{1,15}$/)]) }),
    responses: { 200: InternalProduct },
    handle: async ({ db, actor, params }) => {
      const product = await findProductByKey(db, actor.company_id, params.key);
      if (!product) throw notFound('product');
      return product;
    },
  }),
];
