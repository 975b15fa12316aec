import type { Db, Tx } from '@clientela/db';
import { notFound } from '@clientela/errors';
import { route, withETag, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { z } from 'zod';
import { createCache, type Cache } from '../cache.ts';
import type { CustomerTarget } from '../customers/actions.ts';
import { CustomerId } from '../customers/schema.ts';
import { findCustomer } from '../customers/store.ts';
import { addTags, removeTag } from './actions.ts';
import { searchLabels, type LabelUses } from './label-search.ts';
import {
  CustomerTagParams,
  LabelsQuery,
  LabelsResponse,
  maxKnownLabels,
  maxListedLabels,
  NewCustomerTags,
  NewTags,
  TagListResponse,
  TagParams,
  TagResponse,
  TagsResponse,
  type Tag,
} from './schema.ts';
import { countByLabel, findCustomerOfTag, listTags } from './store.ts';

type AddResponse = { message: string; tag: Tag } | { message: string; tags: Tag[] };

const addDefinition = {
  summary: 'Tag a customer',
  description:
    'With one label, or with several labels that share a color and a priority: all are added or none. A label that the customer has ' +
    'already, in any case, is a 409 that names it. ETag and If-Match refer to the version of the customer, which each tag raises.',
  allow: 'customers:update',
  responses: { 201: z.union([TagResponse, TagsResponse]) },
} as const;
const removeDefinition = {
  summary: 'Remove a tag from a customer',
  description: 'If-Match refers to the version of the customer.',
  allow: 'customers:update',
  responses: { 200: Message },
} as const;

async function handleAdd(tx: Tx, target: CustomerTarget, input: NewTags) {
  const { tags, version } = await addTags(tx, target, input);
  const [tag] = tags;
  return withETag<AddResponse>(
    version,
    input.labels || !tag ? { message: 'Tags added', tags } : { message: 'Tag added', tag },
  );
}

const handleRemove = async (tx: Tx, target: CustomerTarget, tag_id: string) =>
  withETag(await removeTag(tx, target, tag_id), { message: 'Tag removed' });

const ttlMs = 60_000;
const maxCompanies = 100; // each with at most 5,000 labels

/** @param listsDb the pool of lists: counting the labels of a large company takes a second */
export const tagRoutes = ({ listsDb }: { listsDb: Db }, now?: () => number): Route[] => {
  const cached = createCache<LabelUses>({ ttlMs, maxEntries: maxCompanies, ...(now && { now }) });
  return [labelsRoute(listsDb, cached), ...customerTagRoutes];
};

const labelsRoute = (db: Db, cached: Cache<LabelUses>) =>
  route({
    method: 'get',
    path: '/api/customers/tags/labels',
    operation: 'tags.labels.list',
    summary: 'List the labels of a company',
    description:
      `The ${maxListedLabels} most used labels, by the number of customers in the default list that have them. A search finds labels that ` +
      `contain it, whatever case and accents, among the ${maxKnownLabels} most used. At most 60 seconds old.`,
    allow: 'customers:read',
    query: LabelsQuery,
    responses: { 200: LabelsResponse },
    handle: async ({ actor: { company_id }, query: { search } }) =>
      searchLabels(await cached(company_id, () => countByLabel(db, company_id)), search),
  });

const customerTagRoutes: Route[] = [
  route({
    method: 'post',
    path: '/api/customers/{customer_id}/tags',
    operation: 'customers.tags.add',
    errors: {
      404: ['CUSTOMER_NOT_FOUND'],
      409: ['CUSTOMER_DELETED', 'TAG_LABEL_TAKEN', 'TOO_MANY_TAGS'],
      412: ['PRECONDITION_FAILED'],
    },
    ...addDefinition,
    params: CustomerId,
    body: NewTags,
    example: { label: 'VIP', color: '#FFD700', priority: 1 },
    handle: ({ tx, actor, params, body, expected_version }) =>
      handleAdd(tx, { actor, id: params.customer_id, expected_version }, body),
  }),
  route({
    method: 'post',
    path: '/api/customers/tags',
    operation: 'tags.add',
    errors: {
      404: ['CUSTOMER_NOT_FOUND'],
      409: ['CUSTOMER_DELETED', 'TAG_LABEL_TAKEN', 'TOO_MANY_TAGS'],
      412: ['PRECONDITION_FAILED'],
    },
    ...addDefinition,
    body: NewCustomerTags,
    example: { customer_id: '018f6f2a-0000-7000-8000-000000000001', label: 'VIP', color: '#FFD700', priority: 1 },
    handle: ({ tx, actor, body: { customer_id, ...input }, expected_version }) =>
      handleAdd(tx, { actor, id: customer_id, expected_version }, input),
  }),
  route({
    method: 'get',
    path: '/api/customers/{customer_id}/tags',
    aliases: ['/api/customers/tags/customer/{customer_id}'],
    operation: 'customers.tags.list',
    errors: { 404: ['CUSTOMER_NOT_FOUND'] },
    summary: 'List the tags of a customer',
    description: 'All of them, by priority from high to low, then by label. The ETag is the version of the customer.',
    allow: 'customers:read',
    params: CustomerId,
    conditionalGet: true,
    responses: { 200: TagListResponse },
    handle: async ({ db, actor: { company_id }, params }) => {
      const customer = await findCustomer(db, company_id, params.customer_id);
      if (!customer) throw notFound('customer');
      const tags = await listTags(db, company_id, customer.id);
      return withETag(customer.version, { tags, total: tags.length });
    },
  }),
  route({
    method: 'delete',
    path: '/api/customers/{customer_id}/tags/{tag_id}',
    operation: 'customers.tags.remove',
    errors: { 404: ['CUSTOMER_NOT_FOUND', 'TAG_NOT_FOUND'], 409: ['CUSTOMER_DELETED'] },
    ...removeDefinition,
    params: CustomerTagParams,
    handle: ({ tx, actor, params, expected_version }) =>
      handleRemove(tx, { actor, id: params.customer_id, expected_version }, params.tag_id),
  }),
  route({
    method: 'delete',
    path: '/api/customers/tags/{tag_id}',
    operation: 'tags.remove',
    errors: { 404: ['CUSTOMER_NOT_FOUND', 'TAG_NOT_FOUND'], 409: ['CUSTOMER_DELETED'] },
    ...removeDefinition,
    params: TagParams,
    handle: async ({ tx, actor, params: { tag_id }, expected_version }) => {
      const id = await findCustomerOfTag(tx, actor.company_id, tag_id);
      if (!id) throw notFound('tag');
      return handleRemove(tx, { actor, id, expected_version }, tag_id);
    },
  }),
];
