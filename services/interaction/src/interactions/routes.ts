import { route, versioned, type Route } from '@clientela/http';
import { refuseDeleted, type CustomerLookup } from '../customers/lookup.ts';
import { recordInteraction } from './actions.ts';
import { CustomerId, InteractionPage, InteractionQuery, InteractionSaved, NewInteraction } from './schema.ts';
import { listInteractions } from './store.ts';

const path = '/api/customers/{customer_id}/interactions';

export const interactionRoutes = (customers: CustomerLookup): Route[] => [
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
    handle: async ({ tx, actor, params, body }) => {
      const { version, ...interaction } = await recordInteraction(tx, actor, params.customer_id, body);
      return versioned(version, { message: 'Interaction recorded', interaction });
    },
  }),
  route({
    method: 'get',
    path,
    summary: 'List a customer’s interactions, newest first',
    allow: 'interactions:read',
    params: CustomerId,
    query: InteractionQuery,
    responses: { 200: InteractionPage },
    prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
    handle: async ({ db, actor, params, query }) => {
      const { rows: interactions, ...paging } = await listInteractions(db, actor.company_id, params.customer_id, query);
      return { interactions, ...paging };
    },
  }),
];
