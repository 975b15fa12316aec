import { InternalProduct } from '@clientela/contracts';
import { Message } from '@clientela/validation';
import { notFound } from '@clientela/errors';
import { requirePermission, patchBody, route, withETag, type CompanyClient, type Route } from '@clientela/http';
import { z } from 'zod';
import { activateProduct, changeProduct, createProduct, deactivateProduct, removeProduct } from './actions.ts';
import {
  NewProduct,
  Product,
  ProductId,
  ProductPage,
  ProductQuery,
  ProductSaved,
  ProductShown,
  Removal,
  WritableProduct,
} from './schema.ts';
import { findProduct, findProductByKey, listProducts, type StoredProduct } from './store.ts';

const path = '/api/products';
const one = `${path}/{product_id}`;

const saved = (message: string, { version, ...product }: StoredProduct) => withETag(version, { message, product });

const change = (method: 'put' | 'patch') =>
  route({
    method,
    path: one,
    summary: 'Change a product',
    description: 'Fields left out stay; null clears sku and description.',
    allow: 'products:update',
    params: ProductId,
    body: patchBody(Product, WritableProduct),
    responses: { 200: ProductSaved },
    handle: async ({ tx, actor, params, body, expected_version }) =>
      saved('Product updated', await changeProduct(tx, { actor, id: params.product_id, expected_version }, body)),
  });

export const productRoutes = (companies: CompanyClient): Route[] => [
  route({
    method: 'post',
    path,
    summary: 'Create a product or service',
    allow: 'products:create',
    body: NewProduct,
    responses: { 201: ProductSaved },
    prepare: async ({ actor, body, signal }) =>
      body.currency ?? (await companies(actor.company_id, { actor, signal }))?.currency,
    handle: async ({ tx, actor, body, prepared }) => {
      if (!prepared) throw notFound('company');
      return saved('Product created', await createProduct(tx, actor, { ...body, currency: prepared }));
    },
  }),
  route({
    method: 'get',
    path,
    summary: 'List products',
    allow: 'products:read',
    tenancy: 'company-or-all',
    query: ProductQuery,
    responses: { 200: ProductPage },
    handle: async ({ db, scope, query }) => {
      const { rows: products, ...paging } = await listProducts(db, scope, query);
      return { products, ...paging };
    },
  }),
  route({
    method: 'get',
    path: one,
    summary: 'Get a product',
    allow: 'products:read',
    params: ProductId,
    conditionalGet: true,
    responses: { 200: ProductShown },
    handle: async ({ db, actor, params }) => {
      const found = await findProduct(db, actor.company_id, params.product_id);
      if (!found) throw notFound('product');
      const { version, ...product } = found;
      return withETag(version, { product });
    },
  }),
  change('put'),
  change('patch'),
  route({
    method: 'delete',
    path: one,
    summary: 'Deactivate a product, or remove it',
    description: 'With hard_delete=true the record is removed for good, which needs an admin.',
    allow: 'products:delete',
    params: ProductId,
    query: Removal,
    responses: { 200: Message },
    handle: async ({ tx, actor, params, query, expected_version }) => {
      const target = { actor, id: params.product_id, expected_version };
      if (!query.hard_delete) {
        await deactivateProduct(tx, target);
        return { message: 'Product deactivated' };
      }
      requirePermission(actor, 'products:hard_delete');
      await removeProduct(tx, target);
      return { message: 'Product removed' };
    },
  }),
  route({
    method: 'patch',
    path: `${one}/activate`,
    summary: 'Take a product back into use',
    allow: 'products:update',
    params: ProductId,
    responses: { 200: ProductSaved },
    handle: async ({ tx, actor, params, expected_version }) =>
      saved('Product activated', await activateProduct(tx, { actor, id: params.product_id, expected_version })),
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
