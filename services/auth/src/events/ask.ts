import { FailedEvents, type FailedEvent, type Service } from '@clientela/contracts';
import type { Scope } from '@clientela/db';
import { AppError } from '@clientela/errors';
import type { FailedPosition } from '@clientela/events';
import type { Actor, ServiceClient } from '@clientela/http';

type Call = { actor: Actor; signal: AbortSignal };

/** What each service answered, and which did not: one that is away is not a failure of those that are there. */
async function askAll<T>(services: readonly ServiceClient[], ask: (service: ServiceClient) => Promise<T>) {
  const unavailable: Service[] = [];
  const answers = await Promise.all(
    services.map(async (service) => {
      try {
        return [await ask(service)];
      } catch (error) {
        if (!(error instanceof AppError && error.kind === 'unavailable')) throw error;
        unavailable.push(service.service);
        return [];
      }
    }),
  );
  return { answers: answers.flat(), unavailable };
}

const companyOf = (scope: Scope) => ('company_id' in scope ? { company_id: scope.company_id } : {});

/** The failed events of the other services. */
export async function failedElsewhere(
  services: readonly ServiceClient[],
  scope: Scope,
  { after, limit }: { after: FailedPosition | undefined; limit: number },
  call: Call,
): Promise<{ events: FailedEvent[]; unavailable: Service[] }> {
  const query = new URLSearchParams({ ...companyOf(scope), ...after, limit: String(limit) });
  const { answers, unavailable } = await askAll(services, (service) =>
    service.get(`/internal/events/failed?${query.toString()}`, FailedEvents, call),
  );
  return { events: answers.flatMap((answer) => answer?.events ?? []), unavailable };
}

/** Lets the other services send an event again, wherever it failed. */
export async function resendElsewhere(
  services: readonly ServiceClient[],
  scope: Scope,
  id: string,
  call: Call,
): Promise<{ found: boolean; unavailable: Service[] }> {
  const { answers, unavailable } = await askAll(services, (service) =>
    service.post(`/internal/events/failed/${id}/resend`, companyOf(scope), call),
  );
  const wrong = answers.find((status) => status !== 200 && status !== 404);
  if (wrong) throw new Error(`a service answered ${wrong} when an event was to be sent again`);
  return { found: answers.includes(200), unavailable };
}
