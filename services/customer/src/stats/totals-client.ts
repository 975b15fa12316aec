import { InternalTotals, type CustomerTotals } from '@clientela/contracts';
import type { ServiceClient } from '@clientela/http';

/** What is recorded of customers of a company now, at most 100 at a time, in the order in which they are asked for. */
export type TotalsClient = (
  company_id: string,
  customer_ids: readonly string[],
  call: { request_id: string; signal?: AbortSignal },
) => Promise<CustomerTotals[]>;

/** @throws AppError 503 when the interaction service does not answer */
export const createTotalsClient =
  (interaction: ServiceClient): TotalsClient =>
  async (company_id, customer_ids, { request_id, ...call }) => {
    const itself = { id: 'service:customer', role: 'service', session_id: null, client_ip: null } as const;
    const query = customer_ids.map((id) => `customer_id=${id}`).join('&');
    const found = await interaction.get(`/internal/customers/totals?${query}`, InternalTotals, {
      actor: { ...itself, company_id, request_id },
      ...call,
    });
    if (!found) throw new Error(`The interaction service knows no company ${company_id}`);
    return found.totals;
  };
