import type { CustomerAppointments, CustomerComplaints, CustomerOrders } from '@clientela/contracts';
import { average } from '../analytics/rules.ts';
import type { Counters } from '../stats/schema.ts';

// Fallback summaries from the stored counters, in the shape of the upstream, for as long as it is unavailable.

export const orderSummary = ({
  total_orders,
  lifetime_value,
  last_order_date,
}: Counters): CustomerOrders['summary'] => ({
  total_orders,
  total_order_value: lifetime_value,
  average_order_value: average(lifetime_value, total_orders),
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
