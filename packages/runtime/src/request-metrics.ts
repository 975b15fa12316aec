import { histogram, readGauge } from './metrics.ts';

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/**
 * Label sets of one process by class of status, at 14 series each. Beyond them a request is counted under route `other`. The classes are
 * apart, so that requests which fail, of a scanner for example, take no label set of those that succeed.
 */
const maxLabelSets = { success: 95, clientError: 16, serverError: 12, other: 10 };
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const other = 'other';

const durations = histogram(
  'http_server_request_duration_seconds',
  'Time from the headers of a request to the end of its response',
  { service: 8, method: 8, route: 250, status: 80 },
  buckets,
);

type Kind = () => string | undefined;
const inProgress = new Map<string, Set<Kind>>();
readGauge({
  name: 'http_server_active_requests',
  help: 'Requests in progress',
  labelNames: ['service', 'kind'],
  read: () =>
    [...inProgress].flatMap(([service, kinds]) => {
      const counts = new Map([['json', 0]]);
      for (const kindOf of kinds) {
        const kind = kindOf() ?? 'json';
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
      return Array.from(counts, ([kind, value]) => ({ labels: { service, kind }, value }));
    }),
});

type LabelSet = { service: string; method: string; route: string; status: string };
const classOf = (status: number) => (status < 400 ? 'success' : status < 500 ? 'clientError' : 'serverError');

export type RequestMetrics = {
  /**
   * Counts a request as in progress.
   * @param kindOf the kind of its route, once that is known
   * @returns a function to call at its end. @param route the template, or `unmatched`
   */
  start: (kindOf: Kind) => (method: string, route: string, status: number, milliseconds: number) => void;
};

/** Measures the requests of one service, or of the gateway. */
export function createRequestMetrics(service: string): RequestMetrics {
  const labelSets = new Map<string, LabelSet>();
  const left = { ...maxLabelSets };
  const kinds = inProgress.get(service) ?? new Set();
  inProgress.set(service, kinds);

  const findLabels = (method: string, route: string, status: number): LabelSet => {
    const key = `${status} ${method} ${route}`;
    const known = labelSets.get(key);
    if (known) return known;
    const statusClass = classOf(status);
    if (!methods.has(method)) return findOther(status);
    if (left[statusClass] > 0) return addLabels(key, statusClass, { service, method, route, status: String(status) });
    return findOther(status);
  };
  const findOther = (status: number): LabelSet => {
    const key = `${status} ${other}`;
    const known = labelSets.get(key);
    if (known) return known;
    const labels = { service, method: other, route: other, status: String(status) };
    return left.other > 0 ? addLabels(key, 'other', labels) : { ...labels, status: other };
  };
  const addLabels = (key: string, counted: keyof typeof left, labels: LabelSet): LabelSet => {
    left[counted] -= 1;
    labelSets.set(key, labels);
    return labels;
  };

  return {
    start: (kindOf) => {
      kinds.add(kindOf);
      return (method, route, status, milliseconds) => {
        kinds.delete(kindOf);
        durations.observe(findLabels(method, route, status), milliseconds / 1000);
      };
    },
  };
}
