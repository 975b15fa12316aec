import type { Body, IssuedApiKey } from '@clientela/client';
import { queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';

export const keysQuery = queryOptions({
  queryKey: ['api-keys'],
  queryFn: async ({ signal }) => (await api.apiKeys.list({ limit: 100 }, { signal })).api_keys,
});

const changed = () => queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });

export async function createKey(body: Body<'api_keys.create'>): Promise<IssuedApiKey> {
  const issued = await api.apiKeys.create(body);
  void changed();
  return issued;
}
export async function rotateKey(id: string, grace: string): Promise<IssuedApiKey> {
  const issued = await api.apiKeys.rotate(id, { grace });
  void changed();
  return issued;
}
export async function revokeKey(id: string): Promise<void> {
  await api.apiKeys.revoke(id);
  await changed();
}
