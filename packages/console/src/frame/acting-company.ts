import { useSyncExternalStore } from 'react';
import { queryClient } from '../api/query-client.ts';
import { api, currentSession, subscribe as subscribeToSession } from '../api/session.ts';

// The company that a superuser acts in, for this tab. It goes into every request as `company_id`.

const stored = 'clientela.company';
const listeners = new Set<() => void>();
api.companyId = sessionStorage.getItem(stored) ?? undefined;

export function actIn(companyId: string | undefined): void {
  api.companyId = companyId;
  if (companyId === undefined) sessionStorage.removeItem(stored);
  else sessionStorage.setItem(stored, companyId);
  queryClient.clear(); // everything that was read belongs to another company
  for (const listener of listeners) listener();
}

subscribeToSession(() => {
  const session = currentSession();
  const isElse = session.state === 'signed-in' && session.user.role !== 'superuser';
  if (api.companyId !== undefined && (isElse || (session.state === 'signed-out' && !session.ended))) actIn(undefined);
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The id of the company that a superuser acts in. */
export const useActingCompany = (): string | undefined => useSyncExternalStore(subscribe, () => api.companyId);
