import { notFound } from '@clientela/errors';
import { patchBody, route, withETag, type Cursors, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { refuseDeleted, type CustomerLookup } from '../customers/customer-client.ts';
import { listing } from '../lists/list-request.ts';
import { changeInteraction, recordInteraction, removeInteraction } from './actions.ts';
import {
  CustomerId,
  Interaction,
  InteractionId,
  InteractionList,
  InteractionPatchFields,
  InteractionQuery,
  InteractionSaved,
  InteractionShown,
  NewInteraction,
  withOtherNames,
} from './schema.ts';
import { findInteraction, listInteractions, type StoredInteraction } from './store.ts';

const path = '/api/customers/{customer_id}/interactions';
const one = `${path}/{interaction_id}`;

type Parts = { customers: CustomerLookup; cursors: Cursors };

const saved = (message: string, { version, ...interaction }: StoredInteraction) =>
  withETag(version, { message, interaction });

const change = (method: 'put' | 'patch', customers: CustomerLookup) =>
  route({
    method,
    path: one,
    summary: 'Change an interaction',
    description:
      'Fields left out stay; null clears scheduled_at, priority and category. Another type brings its own first status, ' +
      'or none, unless one is given.',
    allow: 'interactions:update',
    params: InteractionId,
    body: withOtherNames(patchBody(Interaction, InteractionPatchFields)),
    responses: { 200: InteractionSaved },
    prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
    handle: async ({ tx, actor, params, body, expected_version }) =>
      saved('Interaction updated', await changeInteraction(tx, { actor, key: params, expected_version }, body)),
  });

export const interactionRoutes = ({ customers, cursors }: Parts): Route[] => [
  route({
    method: 'post',
    path,
    summary: 'Record an interaction with a customer',
    description: 'The author is the caller. ds_notes and id_interaction_type are taken for notes and type.',
    allow: 'interactions:create',
    params: CustomerId,
    body: NewInteraction,
    responses: { 201: InteractionSaved },
    prepare: async ({ actor, params, signal }) => refuseDeleted(await customers(params.customer_id, { actor, signal })),
    handle: async ({ tx, actor, params, body }) =>
      saved('Interaction recorded', await recordInteraction(tx, actor, params.customer_id, body)),
  }),
  route({
    method: 'get',
    path,
    summary: 'List a customer’s interactions, newest first',
    description: 'By when they occurred.',
    allow: 'interactions:read',
    params: CustomerId,
    query: InteractionQuery,
    responses: { 200: InteractionList },
    prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
    handle: async ({ db, actor: { company_id }, params: { customer_id }, query }) => {
      const list = { list: 'interactions', company_id, customer_id };
      const { filter, wanted, answer } = listing(cursors, list, query);
      return answer('interactions', await listInteractions(db, company_id, customer_id, filter, wanted));
    },
  }),
  route({
    method: 'get',
    path: one,
    summary: 'Get an interaction',
    allow: 'interactions:read',
    params: InteractionId,
    conditionalGet: true,
    responses: { 200: InteractionShown },
    prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
    handle: async ({ db, actor, params }) => {
      const found = await findInteraction(db, actor.company_id, params);
      if (!found) throw notFound('interaction');
      const { version, ...interaction } = found;
      return withETag(version, { interaction });
    },
  }),
  change('put', customers),
  change('patch', customers),
  route({
    method: 'delete',
    path: one,
    summary: 'Remove an interaction for good',
    allow: 'interactions:delete',
    params: InteractionId,
    responses: { 200: Message },
    prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
    handle: async ({ tx, actor, params, expected_version }) => {
      await removeInteraction(tx, { actor, key: params, expected_version });
      return { message: 'Interaction removed' };
    },
  }),
];
