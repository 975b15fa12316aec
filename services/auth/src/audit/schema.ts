import { Instant, queryPerPage, queryFrom, queryTo, text, Uuid, nameSchemas } from '@clientela/validation';
import { z } from 'zod';

export const AuditLog = z.strictObject({
  id: Uuid,
  at: Instant,
  actor_id: z
    .string()
    .nullable()
    .meta({ description: 'A user id, key:<id> or service:<name>; null when nobody was signed in' }),
  action: z.string().meta({ examples: ['user.role.changed'] }),
  resource_type: z.string().nullable(),
  resource_id: z.string().nullable(),
  company_id: z
    .string()
    .nullable()
    .meta({ description: 'The readable key of the company', examples: ['COMP-001'] }),
  business_id: Uuid.nullable().meta({ description: 'The UUID of the company' }),
  fields: z.array(z.string()).meta({ description: 'Names of the changed fields' }),
  details: z
    .record(z.string(), z.json())
    .nullable()
    .meta({ description: 'Of a dropped event: its name, the subscribers at which it failed, and the reason' }),
  result: z.enum(['done', 'refused']),
  ip: z.string().nullable().meta({ description: 'Set for security events only' }),
  request_id: z.string(),
});
export type AuditLog = z.infer<typeof AuditLog>;

/** Parses a type, an id, or both as `type:id`. */
const Resource = text(100).transform((input) => {
  const [first = '', ...rest] = input.split(':');
  if (rest.length > 0) return { type: first, id: rest.join(':') };
  const id = Uuid.safeParse(input);
  return id.success ? { id: id.data } : { type: input };
});
export type Resource = { type?: string; id?: string };

export const AuditFilter = z.strictObject({
  actor: text(100).optional().meta({ description: 'A user id, key:<id> or service:<name>' }),
  action: text(100).optional(),
  resource: Resource.optional().meta({
    type: 'string',
    description: 'A resource type (customer), a resource id, or both (customer:<id>)',
  }),
  from: queryFrom.optional(),
  to: queryTo.optional(),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

export const AuditQuery = AuditFilter.extend({
  cursor: z
    .string('must be given once')
    .max(1000)
    .default('')
    .meta({ description: 'next_cursor of the previous page; empty or omitted for the first page' }),
  per_page: queryPerPage(),
});

export const AuditPage = z.strictObject({
  audit_logs: z.array(AuditLog),
  per_page: z.int(),
  next_cursor: z.string().nullable(),
});

nameSchemas({ AuditLog, AuditLogPage: AuditPage });
