import { FailedEvents, type FailedEvent, type Service } from '@clientela/contracts';
import type { Scope } from '@clientela/db';
import { AppError } from '@clientela/errors';
import type { FailedPosition } from '@clientela/events';
import type { Actor, ServiceClient } from '@clientela/http';

type CallContext = { actor: Actor; signal: AbortSignal };

/** Calls every service concurrently; an unreachable one is reported and does not fail the others. */
async function callAll<T>(services: readonly ServiceClient[], call: (service: ServiceClient) => Promise<T>) {
  const unavailable: Service[] = [];
  const responses = await Promise.all(
    services.map(async (service) => {
      try {
        return [await call(service)];
      } catch (error) {
        if (!(error instanceof AppError && error.kind === 'unavailable')) throw error;
        unavailable.push(service.service);
        return [];
      }
    }),
  );
  return { responses: responses.flat(), unavailable };
}

const companyFilter = (scope: Scope) => ('company_id' in scope ? { company_id: scope.company_id } : {});

/** Fetches the failed events of the other services. */
export async function fetchFailedEvents(
  services: readonly ServiceClient[],
  scope: Scope,
  { after, limit }: { after: FailedPosition | undefined; limit: number },
  context: CallContext,
): Promise<{ events: FailedEvent[]; unavailable: Service[] }> {
  const query = new URLSearchParams({ ...companyFilter(scope), ...after, limit: String(limit) });
  const { responses, unavailable } = await callAll(services, (service) =>
    service.get(`/internal/events/failed?${query.toString()}`, FailedEvents, context),
  );
  return { events: responses.flatMap((response) => response?.events ?? []), unavailable };
}

/** Finds one failed event at the other services. */
export async function findFailedEvent(
  services: readonly ServiceClient[],
  scope: Scope,
  id: string,
  context: CallContext,
): Promise<{ events: FailedEvent[]; unavailable: Service[] }> {
  const query = new URLSearchParams(companyFilter(scope)).toString();
  const { responses, unavailable } = await callAll(services, (service) =>
    service.get(`/internal/events/failed/${id}?${query}`, FailedEvents, context),
  );
  return { events: responses.flatMap((response) => response?.events ?? []), unavailable };
}

/** Makes the services that keep a failed event drop it. @returns those that are unreachable */
export async function dropFailedEvent(
  services: readonly ServiceClient[],
  scope: Scope,
  id: string,
  context: CallContext,
): Promise<Service[]> {
  const { responses, unavailable } = await callAll(services, (service) =>
    service.post(`/internal/events/failed/${id}/drop`, companyFilter(scope), context),
  );
  const unexpected = responses.find((status) => status !== 200);
  if (unexpected) throw new Error(`a service returned ${unexpected} for an event to drop`);
  return unavailable;
}

/** Makes the other services resend an event, wherever its delivery failed. */
export async function resendFailedEvent(
  services: readonly ServiceClient[],
  scope: Scope,
  id: string,
  context: CallContext,
): Promise<{ found: boolean; unavailable: Service[] }> {
  const { responses, unavailable } = await callAll(services, (service) =>
    service.post(`/internal/events/failed/${id}/resend`, companyFilter(scope), context),
  );
  const unexpected = responses.find((status) => status !== 200 && status !== 404);
  if (unexpected) throw new Error(`a service returned ${unexpected} for the resend of an event`);
  return { found: responses.includes(200), unavailable };
}
