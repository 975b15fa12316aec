import type { Tx } from '@clientela/db';
import type { DeniedRequest } from '@clientela/http';
import { audit } from './store.ts';

/** Records that a signed-in actor was denied a route. */
export const auditDenied = (tx: Tx, { actor, method, route }: DeniedRequest): Promise<void> =>
  audit(tx, {
    actor_id: actor.id,
    action: 'permission.refused',
    resource_type: 'route',
    resource_id: `${method} ${route}`,
    company_id: actor.company_id,
    result: 'refused',
    ip: actor.client_ip,
    request_id: actor.request_id,
  });
