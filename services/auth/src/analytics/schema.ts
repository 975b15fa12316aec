import { Instant, nameSchemas } from '@clientela/validation';
import { z } from 'zod';

const users_by_role = z.strictObject({
  admin: z.int(),
  manager: z.int(),
  viewer: z.int(),
  customer: z.int(),
});

const perDay = z
  .array(z.strictObject({ date: z.iso.date(), count: z.int() }))
  .meta({ description: 'One entry for each of the last 30 days (UTC), ending today' });

export const UserAnalytics = z.strictObject({
  total_users: z.int(),
  active_users: z.int(),
  inactive_users: z.int(),
  users_by_role: users_by_role.extend({
    superuser: z.int().optional().meta({ description: 'Present in installation-wide statistics only' }),
  }),
  new_users_last_30_days: z.int(),
  logins_per_day: perDay,
  failed_logins_per_day: perDay,
  generated_at: Instant,
});
export type UserAnalytics = z.infer<typeof UserAnalytics>;

export const CompanyAnalytics = z.strictObject({
  total_companies: z.int(),
  active_companies: z.int(),
  inactive_companies: z.int().meta({ description: 'Inactive and suspended companies' }),
  companies_by_status: z.strictObject({ active: z.int(), inactive: z.int(), suspended: z.int() }),
  total_users: z.int().meta({ description: 'Excludes superusers, who have no company' }),
  users_by_role,
  new_companies_last_30_days: z.int(),
  new_users_last_30_days: z.int(),
});
export type CompanyAnalytics = z.infer<typeof CompanyAnalytics>;

nameSchemas({ UserAnalytics, CompanyAnalytics });
