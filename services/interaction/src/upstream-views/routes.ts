import { notFound } from '@clientela/errors';
import { route, type CompanyClient, type Route } from '@clientela/http';
import {
  AppointmentQuery,
  AppointmentView,
  ComplaintQuery,
  ComplaintView,
  CustomerId,
  OrderQuery,
  OrderView,
} from './schema.ts';
import { viewAppointments, viewComplaints, viewOrders } from './store.ts';

const path = '/internal/customers/{customer_id}';

/** Serves the customer service as its upstream. It validates the customer itself; an unknown customer has no records here. */
export const upstreamViewRoutes = (companies: CompanyClient): Route[] => [
  route({
    method: 'get',
    path: `${path}/orders`,
    summary: 'List a customer’s orders',
    allow: { internal: ['customer'] },
    params: CustomerId,
    query: OrderQuery,
    responses: { 200: OrderView },
    prepare: ({ actor, signal }) => companies(actor.company_id, { actor, signal }),
    handle: ({ db, actor: { company_id }, params, query, prepared: company }) => {
      if (!company) throw notFound('company');
      return viewOrders(db, { company_id, ...params, ...query }, company.currency);
    },
  }),
  route({
    method: 'get',
    path: `${path}/complaints`,
    summary: 'List a customer’s complaints',
    allow: { internal: ['customer'] },
    params: CustomerId,
    query: ComplaintQuery,
    responses: { 200: ComplaintView },
    handle: ({ db, actor: { company_id }, params, query }) => viewComplaints(db, { company_id, ...params, ...query }),
  }),
  route({
    method: 'get',
    path: `${path}/appointments`,
    summary: 'List a customer’s appointments',
    allow: { internal: ['customer'] },
    params: CustomerId,
    query: AppointmentQuery,
    responses: { 200: AppointmentView },
    handle: ({ db, actor: { company_id }, params, query }) => viewAppointments(db, { company_id, ...params, ...query }),
  }),
];
