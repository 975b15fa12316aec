import { services } from '@clientela/contracts';
import type { ErasureRequest } from './schema.ts';

type StoredFields = Omit<ErasureRequest, 'services' | 'status'> & {
  started_at: string | null;
  steps: Partial<Record<(typeof services)[number], boolean>> | null;
};

/** Builds the response for a stored request. */
export const toErasureRequest = ({ started_at, steps, ...stored }: StoredFields): ErasureRequest => ({
  id: stored.id,
  business_id: stored.business_id,
  status: stored.done_at ? 'done' : started_at ? 'running' : 'pending',
  customer_id: stored.customer_id,
  user_id: stored.user_id,
  part_of: stored.part_of,
  requested_by: stored.requested_by,
  requested_at: stored.requested_at,
  done_at: stored.done_at,
  services: Object.fromEntries(
    services.map((service) => [service, steps?.[service] ? 'done' : 'pending']),
  ) as ErasureRequest['services'],
  version: stored.version,
});
