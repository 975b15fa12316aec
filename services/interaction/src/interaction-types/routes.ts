import { route, type Route } from '@clientela/http';
import {
  InteractionTypePage,
  InteractionTypeQuery,
  SavedInteractionTypeResponse,
  NewInteractionType,
} from './schema.ts';
import { insertType, listTypes } from './store.ts';

const path = '/api/interaction-types';

export const interactionTypeRoutes = (): Route[] => [
  route({
    method: 'get',
    path,
    operation: 'interaction_types.list',
    summary: 'List interaction types',
    description: 'Built-in types first, then the company’s own types by name.',
    allow: 'interactions:read',
    query: InteractionTypeQuery,
    responses: { 200: InteractionTypePage },
    handle: async ({ db, actor, query }) => {
      const { rows: interaction_types, ...pagination } = await listTypes(db, actor.company_id, query);
      return { interaction_types, ...pagination };
    },
  }),
  route({
    method: 'post',
    path,
    operation: 'interaction_types.create',
    errors: { 409: ['INTERACTION_TYPE_NAME_TAKEN'] },
    summary: 'Add an interaction type',
    allow: 'interactions:manage',
    body: NewInteractionType,
    example: { name: 'site visit' },
    responses: { 201: SavedInteractionTypeResponse },
    handle: async ({ tx, actor, body }) => ({
      message: 'Interaction type added',
      interaction_type: await insertType(tx, actor.company_id, actor.id, body.name),
    }),
  }),
];
