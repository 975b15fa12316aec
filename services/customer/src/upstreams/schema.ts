import { Instant, Money, queryInteger, text, nameSchemas } from '@clientela/validation';
import { z } from 'zod';

export const UpstreamQueryParams = z.strictObject({
  limit: queryInteger(1, 100).default(10),
  status: text(50).optional(),
});

const count = z.int();
const status_breakdown = z.record(z.string(), count);
const records = z.array(z.record(z.string(), z.json()));
const age = {
  as_of: Instant.meta({ description: 'When the data was fetched or the counters were last updated' }),
  note: z
    .string()
    .optional()
    .meta({ description: 'Present while the owning service is unavailable: the summary comes from stored counters' }),
};

export const OrdersResponse = z.strictObject({
  summary: z.strictObject({
    total_orders: count,
    total_order_value: Money,
    average_order_value: Money.nullable().meta({
      description: 'The value by the number of orders in the currency of the company; null when that number is unknown',
    }),
    last_order_date: Instant.nullable(),
  }),
  status_breakdown,
  orders: records,
  ...age,
});

export const ComplaintsResponse = z.strictObject({
  summary: z.strictObject({
    total_complaints: count,
    open_complaints: count,
    resolved_complaints: count,
    last_complaint_date: Instant.nullable(),
  }),
  status_breakdown,
  complaints: records,
  ...age,
});

export const AppointmentsResponse = z.strictObject({
  summary: z.strictObject({
    total_appointments: count,
    cancelled_appointments: count,
    last_appointment_date: Instant.nullable(),
  }),
  status_breakdown,
  appointments: records,
  ...age,
});

nameSchemas({
  CustomerOrders: OrdersResponse,
  CustomerComplaints: ComplaintsResponse,
  CustomerAppointments: AppointmentsResponse,
});
