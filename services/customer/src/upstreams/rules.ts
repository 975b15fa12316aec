import type { CustomerAppointments, CustomerComplaints, CustomerOrders } from '@clientela/contracts';
import { average } from '../analytics/rules.ts';
import type { Counters } from '../stats/schema.ts';

// What is counted here, in the words of those who know it better, for as long as they are silent.

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

/** @param name `orders`: what is missing */
export const silence = (name: string, since: string): string =>
  `Nobody has answered for the ${name} since ${since}: the summary is what was counted here, as of the time in as_of`;
