import { ClientelaError } from '@clientela/client';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { pageSize, type Customer } from './queries.ts';
import type { Status } from './search-params.ts';

/** What was done to some customers, and how it is taken back. */
export type BulkResult = { done: number; failed: unknown[]; undo: () => Promise<void> };

const parallel = 4; // requests at once: a company may have 64 in progress

async function forEach<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<unknown[]> {
  const failed: unknown[] = [];
  let next = 0;
  const run = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++])
      await work(item).catch((error: unknown) => failed.push(error));
  };
  await Promise.all(Array.from({ length: parallel }, run));
  return failed;
}

/** Reads the customers of these ids as they are stored now, in this order. Who is gone meanwhile is missing. */
export async function readSelected(ids: readonly string[]): Promise<Customer[]> {
  const pages = Array.from({ length: Math.ceil(ids.length / pageSize) }, (_, page) =>
    ids.slice(page * pageSize, (page + 1) * pageSize),
  );
  const found = new Map<string, Customer>();
  const failed = await forEach(pages, async (id) => {
    const { customers } = await api.customers.list({ id, per_page: pageSize });
    for (const customer of customers) found.set(customer.id, customer);
  });
  if (failed.length > 0) throw failed[0];
  return ids.flatMap((id) => found.get(id) ?? []);
}

/** Changes each customer, and collects what takes each change back. A change that was not needed has none. */
async function change<T>(items: readonly T[], work: (item: T) => Promise<(() => Promise<unknown>) | undefined>) {
  const undos: (() => Promise<unknown>)[] = [];
  const failed = await forEach(items, async (item) => {
    const undo = await work(item);
    if (undo) undos.push(undo);
  });
  await queryClient.invalidateQueries({ queryKey: ['customers'] });
  const undo = async () => {
    const notUndone = await forEach(undos, (each) => each());
    await queryClient.invalidateQueries({ queryKey: ['customers'] });
    if (notUndone.length > 0) throw notUndone[0];
  };
  return { done: undos.length, failed, undo } satisfies BulkResult;
}

export const addTag = (ids: readonly string[], label: string): Promise<BulkResult> =>
  change(ids, async (id) => {
    try {
      await api.customers.tags.add(id, { label });
    } catch (error) {
      if (error instanceof ClientelaError && error.code === 'TAG_LABEL_TAKEN') return undefined; // it has the tag already
      throw error;
    }
    return () => removeLabel(id, label);
  });

export const removeTag = (ids: readonly string[], label: string): Promise<BulkResult> =>
  change(ids, async (id) => {
    const removed = await removeLabel(id, label);
    return removed && (() => api.customers.tags.add(id, removed));
  });

async function removeLabel(customer_id: string, label: string) {
  const { tags } = await api.customers.tags.list(customer_id);
  const tag = tags.find((each) => each.label === label);
  if (!tag) return undefined;
  await api.customers.tags.remove(customer_id, tag.id);
  return { label: tag.label, color: tag.color, priority: tag.priority };
}

export const setStatus = async (ids: readonly string[], status: Status): Promise<BulkResult> =>
  change(await readSelected(ids), async ({ id, status: before }) => {
    if (before === status) return undefined;
    await api.customers.setStatus(id, { status });
    return () => api.customers.setStatus(id, { status: before as Status });
  });
