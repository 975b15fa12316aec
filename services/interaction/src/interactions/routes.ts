import { notFound } from '@clientela/errors';
import { patchBody, route, withETag, type Cursors, type Route } from '@clientela/http';
import { Message, nameSchemas } from '@clientela/validation';
import { rejectDeleted, type CustomerClient } from '../customers/customer-client.ts';
import { readListRequest } from '../lists/list-request.ts';
import { changeInteraction, recordInteraction, hardDeleteInteraction } from './actions.ts';
import {
  CompanyInteractionQuery,
  CustomerId,
  Interaction,
  InteractionId,
  InteractionList,
  InteractionPatchFields,
  InteractionQuery,
  SavedInteractionResponse,
  InteractionResponse,
  NewInteraction,
  withAliases,
} from './schema.ts';
import { findInteraction, listCompanyInteractions, listInteractions } from './store.ts';

const path = '/api/customers/{customer_id}/interactions';
const itemPath = `${path}/{interaction_id}`;

type Deps = { customers: CustomerClient; cursors: Cursors };

const toSavedResponse = (message: string, interaction: Interaction) =>
  withETag(interaction.version, { message, interaction });

const InteractionPatch = withAliases(patchBody(Interaction, InteractionPatchFields));
nameSchemas({ InteractionPatch });

const updateRoute = (method: 'put' | 'patch', customers: CustomerClient) =>
  route({
    method,
    path: itemPath,
    operation: method === 'put' ? 'customers.interactions.put' : 'customers.interactions.update',
    errors: { 404: ['CUSTOMER_NOT_FOUND', 'INTERACTION_NOT_FOUND'] },
    summary: 'Update an interaction',
    description:
      'Omitted fields are unchanged; null clears scheduled_at, priority and category. A new type sets its first status, ' +
      'or none, unless the request has a status.',
    allow: 'interactions:update',
    params: InteractionId,
    body: InteractionPatch,
    example: { notes: 'Asked about the new price list; wants a visit' },
    responses: { 200: SavedInteractionResponse },
    prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
    handle: async ({ tx, actor, params, body, expected_version }) =>
      toSavedResponse(
        'Interaction updated',
        await changeInteraction(tx, { actor, key: params, expected_version }, body),
      ),
  });

export const interactionRoutes = ({ customers, cursors }: Deps): Route[] => [
  route({
    method: 'post',
    path,
    operation: 'customers.interactions.create',
    errors: { 404: ['CUSTOMER_NOT_FOUND'], 409: ['CUSTOMER_DELETED'] },
    summary: 'Record an interaction with a customer',
    description:
      'The author is the acting user. ds_notes and id_interaction_type are accepted as aliases of notes and type.',
    allow: 'interactions:create',
    params: CustomerId,
    body: NewInteraction,
    example: { type: 'call', notes: 'Asked about the new price list' },
    responses: { 201: SavedInteractionResponse },
    prepare: async ({ actor, params, signal }) => rejectDeleted(await customers(params.customer_id, { actor, signal })),
    handle: async ({ tx, actor, params, body }) =>
      toSavedResponse('Interaction recorded', await recordInteraction(tx, actor, params.customer_id, body)),
  }),
  route({
    method: 'get',
    path,
    operation: 'customers.interactions.list',
    errors: { 404: ['CUSTOMER_NOT_FOUND'] },
    summary: 'List a customer’s interactions, newest first',
    description: 'Ordered by occurred_at.',
    allow: 'interactions:read',
    params: CustomerId,
    query: InteractionQuery,
    responses: { 200: InteractionList },
    prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
    handle: async ({ db, actor: { company_id }, params: { customer_id }, query }) => {
      const list = { list: 'interactions', company_id, customer_id };
      const { filter, range, toResponse } = readListRequest(cursors, list, query);
      return toResponse('interactions', await listInteractions(db, company_id, customer_id, filter, range));
    },
  }),
  route({
    method: 'get',
    path: itemPath,
    operation: 'customers.interactions.get',
    errors: { 404: ['CUSTOMER_NOT_FOUND', 'INTERACTION_NOT_FOUND'] },
    summary: 'Get an interaction',
    allow: 'interactions:read',
    params: InteractionId,
    conditionalGet: true,
    responses: { 200: InteractionResponse },
    prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
    handle: async ({ db, actor, params }) => {
      const interaction = await findInteraction(db, actor.company_id, params);
      if (!interaction) throw notFound('interaction');
      return withETag(interaction.version, { interaction });
    },
  }),
  route({
    method: 'get',
    path: '/api/interactions',
    operation: 'interactions.list',
    summary: 'List a company’s interactions, newest first',
    description:
      'Ordered by occurred_at unless sort says otherwise; by scheduled_at, the list has only interactions that are scheduled. Statuses ' +
      'belong to one type each: open finds complaints, booked appointments.',
    allow: 'interactions:read',
    tenancy: 'company-or-all',
    query: CompanyInteractionQuery,
    responses: { 200: InteractionList },
    handle: async ({ db, scope, query }) => {
      const { filter, range, toResponse } = readListRequest(cursors, { list: 'all interactions', scope }, query);
      return toResponse('interactions', await listCompanyInteractions(db, scope, filter, range));
    },
  }),
  updateRoute('put', customers),
  updateRoute('patch', customers),
  route({
    method: 'delete',
    path: itemPath,
    operation: 'customers.interactions.delete',
    errors: { 404: ['CUSTOMER_NOT_FOUND', 'INTERACTION_NOT_FOUND'] },
    summary: 'Delete an interaction',
    allow: 'interactions:delete',
    params: InteractionId,
    responses: { 200: Message },
    prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
    handle: async ({ tx, actor, params, expected_version }) => {
      await hardDeleteInteraction(tx, { actor, key: params, expected_version });
      return { message: 'Interaction removed' };
    },
  }),
];
