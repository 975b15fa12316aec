import { route, type Route } from '@clientela/http';
import { InteractionTypePage, InteractionTypeQuery, InteractionTypeSaved, NewInteractionType } from './schema.ts';
import { insertType, listTypes } from './store.ts';

const path = '/api/interaction-types';

export const interactionTypeRoutes = (): Route[] => [
  route({
    method: 'get',
    path,
    summary: 'List the types of interaction',
    description: 'Those that every company has, then the company’s own by name.',
    allow: 'interactions:read',
    query: InteractionTypeQuery,
    responses: { 200: InteractionTypePage },
    handle: async ({ db, actor, query }) => {
      const { rows: interaction_types, ...paging } = await listTypes(db, actor.company_id, query);
      return { interaction_types, ...paging };
    },
  }),
  route({
    method: 'post',
    path,
    summary: 'Add a type of interaction to the company',
    allow: 'interactions:manage',
    body: NewInteractionType,
    responses: { 201: InteractionTypeSaved },
    handle: async ({ tx, actor, body }) => ({
      message: 'Interaction type added',
      interaction_type: await insertType(tx, actor.company_id, actor.id, body.name),
    }),
  }),
];
