import type { ServerResponse } from 'node:http';
import { createInProgress, type InProgress } from './in-progress.ts';
import { histogram, readGauge } from './metrics.ts';

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/**
 * Label sets of one process by class of status, at 14 series each. Beyond them a request is counted under route `other` by its exact
 * status, and beyond those by its class, such as `5xx`. The classes are apart, so that requests which fail, of a scanner for example,
 * take no label set of those that succeed.
 */
const maxLabelSets = {
  2: { exact: 95, other: 3 },
  4: { exact: 16, other: 4 },
  5: { exact: 12, other: 3 },
};
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const other = 'other';

const durations = histogram(
  'http_server_request_duration_seconds',
  'Time from the headers of a request to the end of its response',
  { service: 8, method: 8, route: 250, status: 80 },
  buckets,
);

/** The status of a closed response: 499, as nginx has it, when the client left before there was one. Node's default would be 200. */
export const statusOf = (response: ServerResponse): number => (response.headersSent ? response.statusCode : 499);

type Kind = () => string | undefined;
const inProgress = new Map<string, InProgress<Kind>>();
readGauge({
  name: 'http_server_active_requests',
  help: 'Requests in progress',
  labelNames: ['service', 'kind'],
  read: () =>
    [...inProgress].flatMap(([service, kinds]) => {
      const counts = new Map([['json', 0]]);
      for (const kindOf of kinds.items()) {
        const kind = kindOf() ?? 'json';
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
      return Array.from(counts, ([kind, value]) => ({ labels: { service, kind }, value }));
    }),
});

type LabelSet = { service: string; method: string; route: string; status: string };
const classOf = (status: number) => (status < 400 ? 2 : status < 500 ? 4 : 5);

export type RequestMetrics = {
  /**
   * Counts a request as in progress.
   * @param kindOf the kind of its route, once that is known
   * @returns a function to call at its end. @param route the template, or `unmatched`
   */
  start: (kindOf: Kind) => Count;
  /** Counts a request that is over as soon as it began. */
  count: Count;
};
type Count = (method: string, route: string, status: number, milliseconds: number) => void;

/** Measures the requests of one service, or of the gateway. */
export function createRequestMetrics(service: string): RequestMetrics {
  const labelSets = new Map<string, LabelSet>();
  const left = structuredClone(maxLabelSets);
  const kinds = inProgress.get(service) ?? createInProgress<Kind>();
  inProgress.set(service, kinds);

  const findLabels = (method: string, route: string, status: number): LabelSet => {
    const key = `${status} ${method} ${route}`;
    const known = labelSets.get(key);
    if (known) return known;
    const statusClass = classOf(status);
    const counts = left[statusClass];
    const isOther = route === other;
    if (!isOther && (!methods.has(method) || counts.exact === 0)) return findLabels(other, other, status);
    if (isOther && counts.other === 0) return { service, method, route, status: `${statusClass}xx` };
    counts[isOther ? 'other' : 'exact'] -= 1;
    const labels = { service, method, route, status: String(status) };
    labelSets.set(key, labels);
    return labels;
  };

  const count: Count = (method, route, status, milliseconds) =>
    durations.observe(findLabels(method, route, status), milliseconds / 1000);
  return {
    start: (kindOf) => {
      const remove = kinds.add(kindOf);
      return (...request) => {
        remove();
        count(...request);
      };
    },
    count,
  };
}
