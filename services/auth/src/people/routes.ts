import { route, type Route } from '@clientela/http';
import { People, PeopleQuery, servicesById } from './schema.ts';
import { findPeople } from './store.ts';

export const peopleRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/api/v1/people',
    operation: 'people.list',
    summary: 'Get the names of people by id',
    description:
      'Tells who wrote a note, an interaction or a history entry: users and API keys of the company, and services. In the order of the ids; unknown ids, ' +
      'those of other companies and removed users are left out.',
    allow: 'customers:read',
    tenancy: 'company-or-all',
    query: PeopleQuery,
    responses: { 200: People },
    handle: async ({ db, scope, query }) => {
      const ids = [...new Set(query.id)];
      const users = await findPeople(db, scope, ids);
      return { people: ids.flatMap((id) => users.get(id) ?? servicesById.get(id) ?? []) };
    },
  }),
];
