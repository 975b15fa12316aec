import type { Body, Query } from '@clientela/client';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';

export const perPage = 50;

export const usersQuery = (page: number, query: Query<'users.list'>) =>
  queryOptions({
    queryKey: ['users', 'list', page, query],
    queryFn: ({ signal }) => api.users.list({ ...query, limit: perPage, offset: (page - 1) * perPage }, { signal }),
    placeholderData: keepPreviousData,
  });
export const userQuery = (id: string) =>
  queryOptions({
    queryKey: ['users', 'record', id],
    queryFn: ({ signal }) => api.users.get(id, { signal }),
  });
export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: ({ signal }) => api.invitations.list({ limit: 100 }, { signal }),
});
export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => api.roles.list({ signal }),
  staleTime: 60 * 60_000,
});

/** @returns the API keys that the person made and that still work */
export async function changeUser(id: string, body: Body<'users.update'>) {
  const user = await api.users.update(id, body);
  await queryClient.invalidateQueries({ queryKey: ['users'] });
  return user.api_keys ?? [];
}

const changedInvitations = () => queryClient.invalidateQueries({ queryKey: invitationsQuery.queryKey });

export async function invite(body: Body<'invitations.create'>, idempotencyKey: string): Promise<void> {
  // A superuser names the company in the body.
  await api.invitations.create(
    { ...body, ...(api.companyId !== undefined && { company_id: api.companyId }) },
    { idempotencyKey },
  );
  await changedInvitations();
}
export async function resendInvitation(id: string): Promise<void> {
  await api.invitations.resend(id);
  await changedInvitations();
}
export async function revokeInvitation(id: string): Promise<void> {
  await api.invitations.revoke(id);
  await changedInvitations();
}
