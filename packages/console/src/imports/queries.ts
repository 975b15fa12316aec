import type { Import } from '@clientela/client';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api, whenSignedOut } from '../api/session.ts';

export const importsQuery = (page: number) =>
  queryOptions({
    queryKey: ['imports', 'list', page],
    queryFn: ({ signal }) => api.imports.list({ page, per_page: 20 }, { signal }),
    placeholderData: keepPreviousData,
  });

export const importQuery = (id: string) =>
  queryOptions({
    queryKey: ['imports', 'record', id],
    queryFn: async ({ signal }) => (await api.imports.get(id, { signal })).import,
  });

export type Choices = { match_on: 'email' | 'phone' | 'external_id'; on_match: 'skip' | 'update' };
export type Mapping = Record<string, string | null>;
type Kept = { file: File; mapping: Mapping };

/** The files of this tab's checks, in memory only, so that the import after one needs no second choice. */
const files = new Map<string, Kept>();
const maxFiles = 20;
whenSignedOut(() => files.clear());
export const keptFile = (id: string): Kept | undefined => files.get(id);

/** Sends a file. Only what a person changed is in the mapping: without one the exports of this program are known as such. */
export async function startImport(file: File, choices: Choices, mapping: Mapping, isDryRun: boolean): Promise<Import> {
  const fields = { ...choices, dry_run: isDryRun, ...(Object.keys(mapping).length > 0 && { mapping }) };
  const { import: started } = await api.imports.start(file, { fields });
  if (isDryRun) files.set(started.id, { file, mapping });
  const [oldest] = files.keys();
  if (files.size > maxFiles && oldest !== undefined) files.delete(oldest);
  queryClient.setQueryData(importQuery(started.id).queryKey, started);
  void queryClient.invalidateQueries({ queryKey: ['imports', 'list'] });
  return started;
}

export const hasEnded = ({ status }: Pick<Import, 'status'>): boolean =>
  ['done', 'cancelled', 'failed'].includes(status);

/** Shows each state of an import until it has ended. */
export async function followImport(id: string, signal: AbortSignal): Promise<void> {
  const { queryKey } = importQuery(id);
  const last = await api.imports.wait(id, { signal, onProgress: (state) => queryClient.setQueryData(queryKey, state) });
  queryClient.setQueryData(queryKey, last);
  void queryClient.invalidateQueries({ queryKey: ['imports', 'list'] });
  if (!last.dry_run) void queryClient.invalidateQueries({ queryKey: ['customers'] });
}

export async function cancelImport(id: string): Promise<void> {
  queryClient.setQueryData(importQuery(id).queryKey, (await api.imports.cancel(id)).import);
}

/** Takes an import back, and waits for the end of it. @returns whether it was done wholly */
export async function undoImport(id: string): Promise<boolean> {
  const { job } = await api.imports.undo(id);
  const { status } = await api.jobs.wait(job.id);
  void queryClient.invalidateQueries({ queryKey: ['customers'] });
  return status === 'done';
}
