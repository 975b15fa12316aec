import type { Role } from '@clientela/contracts';
import type { CompanyAnalytics, UserAnalytics } from './schema.ts';

export type UserCount = { role: Role; is_active: boolean; count: number };
export type SignInDay = { date: string; signed_in: number; failed: number };

/** For how many days figures look back. */
export const days = 30;

const sum = (counts: readonly { count: number }[]): number => counts.reduce((total, { count }) => total + count, 0);

type Users = { counts: readonly UserCount[]; lately: number; signed: readonly SignInDay[] };

/**
 * @param options.installation whether superusers are counted
 * @param options.today YYYY-MM-DD
 */
export function userFigures(
  { counts, lately, signed }: Users,
  { installation, today }: { installation: boolean; today: string },
): Omit<UserAnalytics, 'generated_at'> {
  const active_users = sum(counts.filter(({ is_active }) => is_active));
  const total_users = sum(counts);
  return {
    total_users,
    active_users,
    inactive_users: total_users - active_users,
    users_by_role: { ...byRole(counts), ...(installation && { superuser: ofRole(counts, 'superuser') }) },
    new_users_last_30_days: lately,
    logins_per_day: perDay(signed, 'signed_in', today),
    failed_logins_per_day: perDay(signed, 'failed', today),
  };
}

/** A figure for each of the last days, today the last, those on which nothing was counted too. */
function perDay(
  signed: readonly SignInDay[],
  field: 'signed_in' | 'failed',
  today: string,
): UserAnalytics['logins_per_day'] {
  const counted = new Map(signed.map((day) => [day.date, day[field]]));
  return Array.from({ length: days }, (_, n) => {
    const date = new Date(Date.parse(today) - (days - 1 - n) * 86_400_000).toISOString().slice(0, 10);
    return { date, count: counted.get(date) ?? 0 };
  });
}

type Companies = {
  companies: readonly { status: string; count: number }[];
  users: readonly UserCount[];
  new_companies: number;
  new_users: number;
};

export function companyFigures({ companies, users, new_companies, new_users }: Companies): CompanyAnalytics {
  const of = (status: string) => sum(companies.filter((counted) => counted.status === status));
  const total_companies = sum(companies);
  const active = of('active');
  return {
    total_companies,
    active_companies: active,
    inactive_companies: total_companies - active,
    companies_by_status: { active, inactive: of('inactive'), suspended: of('suspended') },
    total_users: sum(users.filter(({ role }) => role !== 'superuser')),
    users_by_role: byRole(users),
    new_companies_last_30_days: new_companies,
    new_users_last_30_days: new_users,
  };
}

const ofRole = (counts: readonly UserCount[], role: Role) => sum(counts.filter((counted) => counted.role === role));

const byRole = (counts: readonly UserCount[]): CompanyAnalytics['users_by_role'] => ({
  admin: ofRole(counts, 'admin'),
  manager: ofRole(counts, 'manager'),
  viewer: ofRole(counts, 'viewer'),
  customer: ofRole(counts, 'customer'),
});
