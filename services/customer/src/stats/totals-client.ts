import { InternalTotals, type CustomerTotals } from '@clientela/contracts';
import type { ServiceClient } from '@clientela/http';
import { serviceActor } from '../customers/company.ts';

/** Fetches the current totals of at most 100 customers of a company, in the given order. */
export type TotalsClient = (
  company_id: string,
  customer_ids: readonly string[],
  call: { request_id: string; signal?: AbortSignal },
) => Promise<CustomerTotals[]>;

/** @throws AppError 503 when the interaction service is unavailable */
export const createTotalsClient =
  (interaction: ServiceClient): TotalsClient =>
  async (company_id, customer_ids, { request_id, ...call }) => {
    const query = customer_ids.map((id) => `customer_id=${id}`).join('&');
    const found = await interaction.get(`/internal/customers/totals?${query}`, InternalTotals, {
      actor: serviceActor(company_id, request_id),
      ...call,
    });
    if (!found) throw new Error(`The interaction service does not know company ${company_id}`);
    return found.totals;
  };
