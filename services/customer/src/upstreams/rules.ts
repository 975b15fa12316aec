import type { CustomerAppointments, CustomerComplaints, CustomerOrders } from '@clientela/contracts';
import { average } from '../analytics/rules.ts';
import type { CounterGroup } from '../stats/rules.ts';
import type { Counters } from '../stats/schema.ts';

// Fallback summaries from the stored counters, in the shape of the upstream, for as long as it is unavailable.

export const orderSummary = ({
  total_orders,
  lifetime_value,
  valued_orders,
  last_order_date,
}: Counters): CustomerOrders['summary'] => ({
  total_orders,
  total_order_value: lifetime_value,
  average_order_value: average(lifetime_value, valued_orders),
  last_order_date,
});

export const complaintSummary = ({
  total_complaints,
  open_complaints,
  last_complaint_date,
}: Counters): CustomerComplaints['summary'] => ({
  total_complaints,
  open_complaints,
  resolved_complaints: Math.max(0, total_complaints - open_complaints),
  last_complaint_date,
});

export const appointmentSummary = ({
  total_appointments,
  cancelled_appointments,
  last_appointment_date,
}: Counters): CustomerAppointments['summary'] => ({
  total_appointments,
  cancelled_appointments,
  last_appointment_date,
});

/** @param name resource that is missing, such as `orders` */
export const fallbackNote = (name: string, unavailableSince: string): string =>
  `The service that owns the ${name} has been unavailable since ${unavailableSince}; the summary comes from stored counters as of as_of`;

/** The settings that name the owners of orders, complaints and appointments; by default the interaction service. */
type UpstreamSettings = { INTERACTION_SERVICE_URL: string } & {
  [Name in `${'ORDERS' | 'ORDER' | 'COMPLAINT' | 'SCHEDULING'}_SERVICE_URL`]?: string | undefined;
};

export const urlsOfUpstreams = (settings: UpstreamSettings) => ({
  orders: settings.ORDERS_SERVICE_URL ?? settings.ORDER_SERVICE_URL ?? settings.INTERACTION_SERVICE_URL,
  complaints: settings.COMPLAINT_SERVICE_URL ?? settings.INTERACTION_SERVICE_URL,
  appointments: settings.SCHEDULING_SERVICE_URL ?? settings.INTERACTION_SERVICE_URL,
});

/** Finds the groups of counters that another service than the interaction service owns, and therefore reports. */
export function groupsReportedElsewhere(settings: UpstreamSettings): ReadonlySet<CounterGroup> {
  const { orders, complaints, appointments } = urlsOfUpstreams(settings);
  const own = comparedUrl(settings.INTERACTION_SERVICE_URL);
  const urls = [
    ['orders', orders],
    ['complaints', complaints],
    ['scheduling', appointments],
  ] as const;
  return new Set(urls.flatMap(([group, url]) => (comparedUrl(url) === own ? [] : [group])));
}

/** Brings an address to one form: default port, host in lower case, no trailing slash, one name for this machine. */
function comparedUrl(text: string): string {
  const url = new URL(text);
  if (url.hostname === 'localhost' || url.hostname === '[::1]') url.hostname = '127.0.0.1';
  return url.href.replace(/\/+$/, '');
}
