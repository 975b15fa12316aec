import { route, type Route } from '@clientela/http';
import { Agenda, AgendaQuery, maxAppointments, maxComplaints } from './schema.ts';
import { countOpenComplaints, listBooked } from './store.ts';

export const agendaRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/api/interactions/agenda',
    operation: 'interactions.agenda.get',
    summary: 'Get the booked appointments of a time, and the open complaints by priority',
    description:
      'What a team has before it. The time of an appointment is scheduled_at, else occurred_at. A complaint is open until it is resolved ' +
      `or closed; at most ${maxComplaints.toLocaleString('en')} are counted.`,
    allow: 'interactions:read',
    query: AgendaQuery,
    responses: { 200: Agenda },
    handle: async ({ db, actor: { company_id }, query }) => {
      const booked = await listBooked(db, company_id, query, maxAppointments + 1);
      return {
        appointments: booked.slice(0, maxAppointments),
        has_more: booked.length > maxAppointments,
        open_complaints: await countOpenComplaints(db, company_id, maxComplaints),
      };
    },
  }),
];
