import type { ErasureRequest } from '@clientela/client';
import { queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { verifyReceipt } from './verify-receipt.ts';

const maxRequests = 500; // the newest: the API does not find them by customer
const pollMs = 2000;

/** The erasure of a customer, if there is one; read again until it is done. */
export const erasureQuery = (customerId: string) =>
  queryOptions({
    queryKey: ['erasures', customerId],
    queryFn: async ({ signal }) => {
      const known = queryClient.getQueryData<ErasureRequest | null>(['erasures', customerId]);
      if (known) return (await api.gdpr.requests.get(known.id, { signal })).request;
      let seen = 0;
      for await (const request of api.gdpr.requests.all({ per_page: 100 }, { signal })) {
        if (request.customer_id === customerId) return request;
        if (++seen >= maxRequests) break;
      }
      return null;
    },
    refetchInterval: ({ state: { data } }) => (data && data.done_at === null ? pollMs : false),
  });

/** The receipt of an erasure that is done, verified in this browser by the published keys. */
export const receiptQuery = (requestId: string) =>
  queryOptions({
    queryKey: ['erasures', 'receipt', requestId],
    queryFn: async ({ signal }) => {
      const [stored, { keys }] = await Promise.all([
        api.gdpr.receipts.get(requestId, { signal }),
        api.signingKeys.list({ signal }),
      ]);
      const verdict = await verifyReceipt<typeof stored.receipt>(stored.jws, keys);
      // A genuine receipt of another erasure proves nothing about this one.
      const isOfThis = verdict.result !== 'valid' || verdict.receipt.request_id === requestId;
      return { ...stored, verdict: isOfThis ? verdict : ({ result: 'invalid' } as const) };
    },
    staleTime: Number.POSITIVE_INFINITY, // a receipt never changes
  });

/** Erases a person everywhere, and forgets what the console has of them. */
export async function eraseCustomer(customerId: string, idempotencyKey: string): Promise<void> {
  const { request } = await api.gdpr.erase(
    { customer_id: customerId },
    { query: { wait: true }, idempotencyKey, timeout: 30_000 },
  );
  queryClient.setQueryData(erasureQuery(customerId).queryKey, request);
  await queryClient.resetQueries({ queryKey: ['customers', 'record', customerId] });
  for (const part of ['list', 'count']) void queryClient.invalidateQueries({ queryKey: ['customers', part] });
}
