import { InternalSeries, type SeriesInterval, type SeriesMetric, type SeriesPoint } from '@clientela/contracts';
import type { ServiceClient } from '@clientela/http';
import { serviceActor } from '../customers/company.ts';

type Request = { metric: SeriesMetric; interval: SeriesInterval; from: string; to: string; currency: string };

/** Fetches what the interaction service keeps over time: intervals with a value, oldest first. */
export type SeriesClient = (company_id: string, request: Request, request_id: string) => Promise<SeriesPoint[]>;

/** @throws AppError 503 when the interaction service is unavailable */
export const createSeriesClient =
  (interaction: ServiceClient): SeriesClient =>
  async (company_id, request, request_id) => {
    const query = new URLSearchParams(request).toString();
    const actor = serviceActor(company_id, request_id);
    const found = await interaction.get(`/internal/series?${query}`, InternalSeries, { actor });
    if (!found) throw new Error('The interaction service has no series');
    return found.points;
  };
